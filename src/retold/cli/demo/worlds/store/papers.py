"""The store's table, which its writer and its locker share."""

TABLE = "create table papers (number integer primary key, title text not null, summary text)"
"""The primary key makes it safe to store a paper once more: there is one row of it."""

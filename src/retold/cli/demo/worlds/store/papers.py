"""The store's table, which its writer and its locker share."""

TABLE = "create table papers (number integer primary key, title text not null, summary text)"
"""The primary key is the proof that no paper is stored twice."""

"""The store's table, and what its writer and its locker share besides."""

import sqlite3
from contextlib import suppress

TABLE = "create table papers (number integer primary key, title text not null, summary text)"
"""The primary key makes it safe to store a paper once more: there is one row of it."""


def use_up_journal(store: sqlite3.Connection) -> None:
    """A writer that was killed has left its journal, which the next writer uses up."""
    with suppress(sqlite3.OperationalError):
        store.execute("pragma user_version = 1")

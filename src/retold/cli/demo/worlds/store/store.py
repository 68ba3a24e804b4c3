"""What writes to the store: one job, retried as a whole transaction."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import retold
from retold.cli.demo.clock import CLOCK
from retold.cli.demo.worlds.store.papers import use_up_journal

OPERATION = "papers.store"

_PATIENCE = 0.01
"""Seconds for which SQLite itself waits for a lock: next to none, for the policy waits better."""

_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_locked(error: Exception) -> bool:
    """Whether somebody else has the file: all else that SQLite says will be the same at the next attempt."""
    # The low byte is the error; what is above it says more of the same.
    return isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _LOCKED


storing = retold.Policy(
    on=is_locked,
    attempts=8,
    timeout=5,
    backoff=retold.Exponential(0.1, cap=1),
    operation=OPERATION,
    clock=CLOCK,
)


class Store:
    """Keeps papers in the SQLite file at `path`, which must be there."""

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.resolve().as_uri()}?mode=rw"

    @storing
    def store(self, number: int, title: str, summary: str | None) -> None:
        """A whole transaction: what fails, at whatever statement, leaves nothing of itself."""
        with closing(sqlite3.connect(self._uri, uri=True, timeout=_PATIENCE, isolation_level=None)) as connection:
            connection.execute("pragma synchronous = off")  # a demo survives no power cut, and its disk is not its own
            connection.execute("begin immediate")
            with connection:  # commits, or rolls back
                connection.execute("insert or replace into papers values (?, ?, ?)", (number, title, summary))

    def count(self) -> int:
        """How many papers there are."""
        with closing(sqlite3.connect(self._uri, uri=True)) as connection:
            [number] = connection.execute("select count(*) from papers").fetchone()
            return int(number)

    def tidy(self) -> None:
        """Have what writers that were killed have left used up, if they have come so far as to make the file."""
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(self._uri, uri=True)) as connection:
            use_up_journal(connection)

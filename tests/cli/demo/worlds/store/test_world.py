"""The world of databases: whole transactions, retried where somebody else has the file, and each row stored once."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from retold.cli.demo.worlds.store.papers import TABLE
from retold.cli.demo.worlds.store.store import Store, is_locked
from retold.cli.demo.worlds.store.world import StoreWorld
from retold.testing import MemoryExporter
from tests.cli.demo.running import world_of
from tests.cli.demo.worlds.playing import play, setting
from tests.cli.demo.worlds.store.writers import interrupted_writer

OPERATION = "papers.store"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "papers.db"
    with opened(path) as store:
        store.execute(TABLE)
    return path


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as store:
        yield store


async def test_every_call_that_succeeded_is_a_row_of_the_file(tmp_path: Path) -> None:
    played = await play(StoreWorld, setting(tmp_path, failure_rate=0.6), papers=60)

    count, store = played.operations[OPERATION], Store(tmp_path / "papers.db")
    assert count.calls["success"] == count.attempts["success"] == store.count() > 0
    assert count.attempts["error"] > 0
    assert count.calls.keys() <= {"success", "attempts_exhausted", "deadline_exceeded"}
    with opened(tmp_path / "papers.db") as connection:
        rows = connection.execute("select number, title, summary from papers").fetchall()
    assert {number for number, _, _ in rows} <= set(range(60))
    assert all((title, summary) == (f"Paper {number}", None) for number, title, summary in rows)
    locks = played.counts.requests["locks"]
    held = locks.get("writing", 0) + locks.get("reading", 0)
    told = f"{len(rows)} papers stored are the {len(rows)} rows of the file, which was locked {held} times"
    assert (played.verdict.agree, played.verdict.told) == (True, told)
    assert played.verdict.answers == {OPERATION: {"stored": len(rows)}}


def test_leaves_no_journal_of_a_writer_whom_no_locker_outlived(tmp_path: Path) -> None:
    with StoreWorld(setting(tmp_path)) as world:
        world.wait_until_ready()
        with interrupted_writer(tmp_path):
            locker = world_of(tmp_path, "locker.json")
            assert locker
            os.kill(locker, signal.SIGKILL)

    assert {path.name for path in tmp_path.iterdir()} == {"locker.json", "papers.db"}
    assert Store(tmp_path / "papers.db").count() == 0


async def test_a_difference_is_called_a_bug(tmp_path: Path) -> None:
    played = await play(StoreWorld, setting(tmp_path), papers=2)
    with opened(tmp_path / "papers.db") as store:
        store.execute("delete from papers where number = 1")

    verdict = played.world.compare(replace(played.counts, requests={}), played.operations)

    assert not verdict.agree
    assert verdict.told == "2 papers stored, but 1 rows in the file: they differ, which is a bug"


@pytest.mark.parametrize(
    "lock",
    [
        ("begin immediate",),
        # A reader: the transaction begins, writes, and cannot commit.
        ("begin", "select count(*) from papers"),
    ],
    ids=["writer", "reader"],
)
def test_a_transaction_that_meets_a_lock_is_made_anew_and_leaves_nothing_before(
    path: Path, lock: tuple[str], retold_events: MemoryExporter
) -> None:
    with opened(path) as locker:
        for statement in lock:
            locker.execute(statement).fetchall()

        with pytest.raises(sqlite3.OperationalError) as refused:
            Store(path).store(17, "Paper 17", None)
        locker.rollback()

    assert refused.value.sqlite_errorcode == sqlite3.SQLITE_BUSY
    retold_events.assert_calls(OPERATION, "attempts_exhausted", attempts=8)
    assert Store(path).count() == 0


def test_a_paper_that_is_stored_once_more_is_one_row(path: Path) -> None:
    store = Store(path)

    store.store(17, "Paper 17", None)
    store.store(17, "Paper 17", "A summary.")

    with opened(path) as connection:
        assert connection.execute("select * from papers").fetchall() == [(17, "Paper 17", "A summary.")]
    assert store.count() == 1


def test_a_file_that_is_not_there_is_neither_made_nor_retried(tmp_path: Path, retold_events: MemoryExporter) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        Store(tmp_path / "papers.db").store(17, "Paper 17", None)

    retold_events.assert_calls(OPERATION, "not_retryable", attempts=1)
    assert list(tmp_path.iterdir()) == []


def test_only_locks_are_retried() -> None:
    assert not is_locked(sqlite3.OperationalError("without a code"))
    assert not is_locked(OSError())

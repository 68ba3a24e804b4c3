"""The demo's locker: how much of the time it has the store, and what others meet then."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest

from retold.cli.demo.worlds.store.locker import STATEMENTS, lengths
from tests.cli.demo.running import wait_until
from tests.cli.demo.worlds.processes import Process
from tests.cli.demo.worlds.store.writers import interrupted_writer


@contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "papers.db", timeout=0, isolation_level=None)) as store:
        yield store


def is_refused(store: sqlite3.Connection, statement: str) -> bool:
    """Whether a statement meets a lock; it is rolled back if it does not."""
    try:
        store.execute(statement)
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode == sqlite3.SQLITE_BUSY
    store.rollback()
    return False


@pytest.mark.parametrize("rate", [0.02, 0.2, 0.35, 0.7, 0.95, 1.0])
def test_the_rate_is_the_share_of_time_that_is_locked(rate: float) -> None:
    chance = Random(7)

    held, free = (sum(each) for each in zip(*(lengths(rate, chance) for _ in range(5000)), strict=True))

    assert held / (held + free) == pytest.approx(rate, abs=0.01)


def test_a_higher_rate_means_longer_locks_and_more_of_them() -> None:
    calm, rough = lengths(0.2, Random(7)), lengths(0.95, Random(7))

    assert rough[0] > 2 * calm[0]
    assert sum(rough) < sum(calm)


def test_a_locker_that_is_well_locks_nothing(tmp_path: Path) -> None:
    with Process("store.locker", tmp_path) as world:
        with opened(tmp_path) as store:
            assert not any(is_refused(store, "begin exclusive") for _ in range(100))

        assert world.end() == {}


def test_others_meet_its_locks_and_it_counts_them(tmp_path: Path) -> None:
    with Process("store.locker", tmp_path, "--failure-rate=0.5") as world:
        with opened(tmp_path) as store:
            # A writer's lock, at which no other begins; then a reader's, at which a writer can begin.
            wait_until(lambda: is_refused(store, "begin immediate"))
            wait_until(lambda: is_refused(store, "begin exclusive") and not is_refused(store, "begin immediate"))

        locks = world.end()["locks"]

    assert locks["writing"] > 0
    assert locks["reading"] > 0
    assert locks.keys() <= {*STATEMENTS, "missed"}


def test_a_lock_that_somebody_else_has_is_missed(tmp_path: Path) -> None:
    with Process("store.locker", tmp_path, "--incident-at=0", "--incident-for=3600") as world:
        with opened(tmp_path) as store:
            store.execute("begin exclusive")
            world.say("start")
            wait_until(lambda: world.counted().get("locks", {}).get("missed", 0) > 0)
            assert world.counted()["locks"].keys() == {"missed"}

        assert world.end()["locks"]["missed"] > 0


def test_what_a_writer_left_that_was_killed_is_undone(tmp_path: Path) -> None:
    with Process("store.locker", tmp_path, "--failure-rate=0.1") as world:
        with interrupted_writer(tmp_path):
            pass
        world.end()
    assert {path.name for path in tmp_path.iterdir()} == {"counts.json", "papers.db"}
    with opened(tmp_path) as store:
        assert store.execute("select * from papers").fetchall() == []


def test_a_locker_that_is_killed_leaves_no_lock(tmp_path: Path) -> None:
    with Process("store.locker", tmp_path, "--failure-rate=1") as world:
        with opened(tmp_path) as store:
            wait_until(lambda: is_refused(store, "begin exclusive"))

            os.kill(world.process.pid, signal.SIGKILL)
            world.process.wait(timeout=5)

            store.execute("begin exclusive")
    assert {path.name for path in tmp_path.iterdir()} == {"counts.json", "papers.db"}

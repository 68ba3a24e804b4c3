"""The demo's locker: another process that uses the store's file too, and keeps it locked for some of the time.

It makes the file with its table, prints `{}` when it is ready, and then locks the file again and again for a share of
the time that is its failure rate: a higher rate means longer locks and less time between them. What it holds is either
the lock of a writer, at which another one cannot begin, or the lock of a reader, at which another writer can begin but
not commit. It counts the locks that it held, and those that it missed because somebody else was faster.
"""

import asyncio
import sqlite3
from contextlib import closing, suppress
from enum import StrEnum
from pathlib import Path
from random import Random

from retold.cli.demo.worlds.counts import Counts
from retold.cli.demo.worlds.process import Parser, Weather, live
from retold.cli.demo.worlds.store.papers import TABLE, use_up_journal

_IDLE = 0.05
"""Seconds after which a locker that has nothing to do looks again."""

_PATIENCE = 0.2
"""Seconds for which it waits for others."""


class Lock(StrEnum):
    """What it does to the file."""

    WRITING = "writing"
    READING = "reading"
    MISSED = "missed"


STATEMENTS = {
    Lock.WRITING: ("begin immediate",),
    # A reader's lock begins when it reads.
    Lock.READING: ("begin", "select count(*) from papers"),
}


def lengths(rate: float, chance: Random) -> tuple[float, float]:
    """Seconds of one lock, and of the time until the next: `rate` is the share of the first. It must be above 0."""
    held = (0.1 + 0.4 * rate) * chance.uniform(0.5, 1.5)
    free = (0.1 + 0.4 * rate) * (1 - rate) / rate * chance.uniform(0.5, 1.5)
    return held, free


async def keep_locking(store: sqlite3.Connection, weather: Weather, counts: Counts, chance: Random) -> None:
    """Lock the file for as long as nobody cancels it."""
    while True:
        rate = weather.failure_rate
        if not rate:
            await asyncio.sleep(_IDLE)
            continue
        # Draw all always: what others do must not shift what comes later.
        lock = chance.choice(list(STATEMENTS))
        held, free = lengths(rate, chance)
        try:
            for statement in STATEMENTS[lock]:
                store.execute(statement).fetchall()
        except sqlite3.OperationalError:
            lock, held = Lock.MISSED, 0.0
        counts.add("locks", lock)
        await asyncio.sleep(held)
        store.rollback()
        await asyncio.sleep(free)


async def run(path: Path, weather: Weather, counts: Counts, chance: Random) -> None:
    with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as store:
        store.execute(TABLE)
        locking = asyncio.create_task(keep_locking(store, weather, counts, chance))
        await live(weather, counts)
        locking.cancel()
        with suppress(asyncio.CancelledError):
            await locking
        store.rollback()
        use_up_journal(store)
    counts.write()


def main() -> None:
    parser = Parser("retold.cli.demo.worlds.store.locker")
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parsed()
    with parser.failing_in_one_line():
        counts, chance = Counts(options.counts, options.seed), Random(f"{options.seed}:locks")
        try:
            asyncio.run(run(options.store, options.weather, counts, chance))
        except sqlite3.Error as error:
            raise OSError(f"{options.store}: {error}") from error


if __name__ == "__main__":
    main()

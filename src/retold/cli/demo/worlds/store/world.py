"""The world of databases: an SQLite file that another process keeps locking, and what stores papers in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from retold.cli.demo.tally import Count
from retold.cli.demo.threads import Threads
from retold.cli.demo.worlds.held import Counted
from retold.cli.demo.worlds.store.store import OPERATION, Store
from retold.cli.demo.worlds.world import Paper, Setting, Step, Verdict, World


class StoreWorld(World):
    """Every call that succeeded is a row of the file, and there are no others."""

    name = "store"
    title = "the locker of the store"
    module = "retold.cli.demo.worlds.store.locker"
    file = "locker.json"
    operations = (OPERATION,)

    def options(self, setting: Setting) -> list[str]:
        return [f"--store={_path(setting)}"]

    def steps(self, threads: Threads, at_end: AsyncExitStack) -> dict[str, Step]:
        store = Store(_path(self._setting))

        def stored(paper: Paper) -> partial[None]:
            return partial(store.store, paper.number, paper.title, paper.summary)

        return {OPERATION: lambda paper: threads.do(stored(paper))}

    def compare(self, counts: Counted, operations: Mapping[str, Count]) -> Verdict:
        stored, rows = operations[OPERATION].calls["success"], Store(_path(self._setting)).count()
        locks = counts.requests.get("locks", {})
        if stored == rows:
            held = sum(number for lock, number in locks.items() if lock != "missed")
            told = f"{stored} papers stored are the {rows} rows of the file, which was locked {held} times"
        else:
            told = f"{stored} papers stored, but {rows} rows in the file: they differ, which is a bug"
        return Verdict(stored == rows, told, {OPERATION: {"stored": rows}})


def _path(setting: Setting) -> Path:
    return setting.folder / "papers.db"

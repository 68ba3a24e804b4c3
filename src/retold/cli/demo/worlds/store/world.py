"""The world of databases: an SQLite file that another process keeps locking, and what stores papers in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from retold.cli.demo.tally import Count
from retold.cli.demo.worlds.held import Counted
from retold.cli.demo.worlds.store.store import OPERATION, Store
from retold.cli.demo.worlds.world import Access, Paper, Setting, Step, Verdict, World, and_lost


class StoreWorld(World):
    """Every call that succeeded is a row of the file, and there are no others."""

    name = "store"
    title = "the locker of the store"
    module = "retold.cli.demo.worlds.store.locker"
    file = "locker.json"
    operations = (OPERATION,)

    def options(self, setting: Setting) -> list[str]:
        return [f"--store={_path(setting.folder)}"]

    @classmethod
    def steps(cls, access: Access) -> dict[str, Step]:
        store = Store(_path(access.folder))

        def stored(paper: Paper) -> partial[None]:
            return partial(store.store, paper.number, paper.title, paper.summary)

        return {OPERATION: lambda paper: access.threads.do(stored(paper))}

    def compare(self, counts: Counted, operations: Mapping[str, Count], again: int = 0) -> Verdict:
        stored, rows = operations[OPERATION].calls["success"], Store(_path(self._setting.folder)).count()
        locks = counts.requests.get("locks", {})
        lost = operations[OPERATION].lost_calls
        agree = stored - again <= rows <= stored + lost
        if agree:
            held = sum(number for lock, number in locks.items() if lock != "missed")
            twice = f", {stored - rows} of them once more after a worker went down," if stored > rows else ""
            told = f"{stored} papers stored{and_lost(rows - stored, lost)}{twice} are the {rows} rows of the file"
            told += f", which was locked {held} times"
        else:
            told = f"{stored} papers stored, but {rows} rows in the file: they differ, which is a bug"
        return Verdict(agree, told, {OPERATION: {"stored": rows}})

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        # The locker has done so, unless it was killed.
        Store(_path(self._setting.folder)).tidy()


def _path(folder: Path) -> Path:
    return folder / "papers.db"

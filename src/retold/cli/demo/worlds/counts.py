"""What a world has counted on its own side, in a file of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TextIO


class Counts:
    """What was asked of a world, by route and answer, kept in a JSON file.

    Args:
        path: That file.
        seed: Written into it.
        each: Where every request is a line of JSON: when it came (Unix time), its path, its answer.
    """

    def __init__(self, path: Path, seed: int, each: TextIO | None = None) -> None:
        self._path = path
        self._seed = seed
        self._each = each
        self._requests: dict[str, Counter[str]] = {}
        self._is_written = False

    def add(self, path: str, answer: str) -> None:
        route = path.partition("/")[0]
        if self._each is not None:
            self._each.write(json.dumps({"time": time.time(), "path": path, "answer": answer}) + "\n")
        self._requests.setdefault(route, Counter())[answer] += 1
        self._is_written = False

    def write(self) -> None:
        """Replace the file in one step if anything has changed, so that no reader finds half of it."""
        if self._is_written:
            return
        total = sum(answers.total() for answers in self._requests.values())
        counts = {"seed": self._seed, "requests": self._requests, "total": total}
        unfinished = unfinished_beside(self._path)
        unfinished.write_text(json.dumps(counts, sort_keys=True), encoding="utf-8")
        unfinished.replace(self._path)
        if self._each is not None:
            self._each.flush()
        self._is_written = True

    async def keep_written(self) -> None:
        while True:
            await asyncio.sleep(1)
            # The last write, at the end, is the one whose failure is told.
            with suppress(OSError):
                self.write()


def unfinished_beside(path: Path) -> Path:
    """What is to replace this file. One who is killed may leave it."""
    return path.with_name(f"{path.name}.unfinished")

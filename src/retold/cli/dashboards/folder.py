"""The folder that is written to: each file whole, or as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folder:
    """What is below `root`, by path."""

    root: Path

    def stale(self, files: Mapping[str, str]) -> dict[str, str]:
        """The files that are not as given, each with what is wrong with it.

        Raises:
            OSError: A file cannot be read.
        """
        found = {path: self._difference(path, text) for path, text in files.items()}
        return {path: why for path, why in found.items() if why is not None}

    def write(self, path: str, text: str) -> None:
        """Replace a file in one step, so that nobody finds half of it.

        Raises:
            OSError: It cannot be written, and is as it was.
        """
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.unfinished")
        try:
            unfinished.write_bytes(text.encode())
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)

    def _difference(self, path: str, text: str) -> str | None:
        try:
            found = (self.root / path).read_bytes()
        except FileNotFoundError:
            return "is missing"
        return None if found == text.encode() else "differs"

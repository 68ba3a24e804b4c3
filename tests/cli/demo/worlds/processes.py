"""The processes of worlds, as whoever starts them sees them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

PACKAGE = "retold.cli.demo.worlds"
SEED = 7


def command(module: str, folder: Path, *options: str) -> list[str]:
    """How a world's process is started: its counts go to `counts.json` of the folder."""
    usual = {
        "http.server": ["--stall=0"],
        "llm.server": ["--stall=0", "--requests-per-second=1000", "--tokens-per-second=1000"],
        "store.locker": [f"--store={folder / 'papers.db'}"],
        "printer.device": [f"--device={folder / 'printer'}", "--late=0.05", "--gone=0.05"],
    }
    right = [f"--seed={SEED}", "--failure-rate=0", f"--counts={folder / 'counts.json'}", *usual[module]]
    return [sys.executable, "-m", f"{PACKAGE}.{module}", *right, *options]


class Process:
    """A world that says that it is ready; it is killed when its context ends, unless it has ended."""

    def __init__(self, module: str, folder: Path, *options: str) -> None:
        self._counts = folder / "counts.json"
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command(module, folder, *options), stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )
        assert self.process.stdout
        self.ready = json.loads(self.process.stdout.readline())

    def say(self, word: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def end(self) -> dict[str, dict[str, int]]:
        """End it by its stdin, and return what it counted; it has nothing to say."""
        assert self.process.communicate(timeout=5) == ("", "")
        assert self.process.returncode == 0
        return self.counted()

    def counts(self) -> dict[str, Any]:
        """All that its file has."""
        return dict(json.loads(self._counts.read_text()))

    def counted(self) -> dict[str, dict[str, int]]:
        counts = self.counts()
        requests: dict[str, dict[str, int]] = counts["requests"]
        assert counts["seed"] == SEED
        assert counts["total"] == sum(sum(answers.values()) for answers in requests.values())
        return requests

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        with self.process:
            pass  # it closes the pipes and waits

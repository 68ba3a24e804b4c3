"""The demo's hold on a world's process: one that never outlives this one."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from retold.cli import signals
from retold.cli.demo.worlds.counts import unfinished_beside


class WorldError(RuntimeError):
    """A world did not start, or ended before its time."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a world was asked, by route and then by its answer."""

    seed: int
    requests: dict[str, dict[str, int]]
    total: int


class Held:
    """A process that has been started; leaving its context closes it.

    It ends when its stdin does, so it needs no farewell: however this process ends, the system
    closes that pipe.

    Args:
        title: What it is, for messages.
        module: What it runs.
        options: The module's options, but for the file of its counts.
        counts: That file.
    """

    def __init__(self, title: str, module: str, options: Sequence[str], counts: Path) -> None:
        self._title = title
        self._counts = counts
        with signals.kept_from_children():
            self._process = subprocess.Popen(
                # -P: a `json.py` in the user's folder must not become the world's.
                [sys.executable, "-P", "-m", module, *options, f"--counts={counts}"],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # Its own session: a terminal's Ctrl-C must not reach it before this process is done with it.
                start_new_session=True,
            )
        self.pid = self._process.pid

    def wait_until_ready(self, timeout: float = 10.0) -> dict[str, Any]:
        """Wait for the line that says that it is ready, and return what that says.

        Args:
            timeout: Seconds until a silent process is given up.

        Raises:
            WorldError: The process ended, or was silent, instead.
        """
        assert self._process.stdout
        # The line comes in one write, so it is there whole or not at all.
        is_silent = not select.select([self._process.stdout], [], [], timeout)[0]
        line = b"" if is_silent else self._process.stdout.readline()
        if line:
            return dict(json.loads(line))
        if is_silent:
            self._process.kill()
        _, errors = self._process.communicate()
        reason = f"said nothing for {timeout:g} s" if is_silent else f"ended with status {self._process.returncode}"
        raise WorldError(f"{self._title} {reason}. {errors.decode(errors='replace')}".strip())

    def begin(self) -> None:
        """Start the incident's clock: the load starts now.

        Raises:
            WorldError: The process has ended.
        """
        try:
            self._say("start")
        except BrokenPipeError:
            raise WorldError(f"{self._title} has ended before the load began") from None

    def trouble(self, on: bool) -> None:
        """Begin an incident, or end it. That the process has ended is `check`'s to say."""
        with suppress(BrokenPipeError):
            self._say("incident on" if on else "incident off")

    def check(self) -> None:
        """See that the process still runs.

        Raises:
            WorldError: It has ended.
        """
        status = self._process.poll()
        if status is not None:
            raise WorldError(f"{self._title} has ended with status {status} before the run did")

    def close(self, timeout: float = 5.0) -> Counted:
        """End the process, by force after `timeout` seconds, and read what it counted.

        Raises:
            WorldError: It was ended by force, by us or by others, so its counts may lack its last second.
        """
        self._end(timeout)
        status = self._process.returncode
        if status:
            raise WorldError(f"{self._title} ended with status {status}, so its counts are not whole")
        return Counted(**json.loads(self._counts.read_text(encoding="utf-8")))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end(timeout=5.0)
        unfinished_beside(self._counts).unlink(missing_ok=True)

    def _say(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n".encode())

    def _end(self, timeout: float) -> None:
        try:
            self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

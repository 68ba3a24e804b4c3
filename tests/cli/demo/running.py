"""`retold demo` as its users see it: a process, its lines, its files and its end."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from subprocess import PIPE
from tempfile import TemporaryFile
from typing import Any, Self

from retold.cli.demo.worlds.http.crawler import ROUTES

COMMAND = [sys.executable, "-m", "retold", "demo"]
_TOO_LONG = 60.0
_POLL_INTERVAL = 0.01


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what would change a demo, and with `more`."""
    foreign = ("OTEL_", "RETOLD_EXPORTERS", "FORCE_COLOR", "COLUMNS")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | more


class Demo:
    """A demo that writes to `folder`. It is killed when its context ends, or when it takes much too long.

    Args:
        folder: Where it writes.
        options: More of its options.
        before: Python's own options.
        stdout: Where its output goes.
        longest: Seconds until it is killed.
        variables: More of its environment.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        before: Sequence[str] = (),
        stdout: int = PIPE,
        longest: float = _TOO_LONG,
        **variables: str,
    ) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self._errors = TemporaryFile("w+")  # noqa: SIM115 (closed at the end of this context)
        command = [sys.executable, *before, *COMMAND[1:], f"--output={folder}", "--port=0", *options]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command, stdout=stdout, stderr=self._errors, text=True, env=environment(**variables)
        )
        self._watchdog = threading.Timer(longest, self.process.kill)
        self._watchdog.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._watchdog.cancel()
        self._watchdog.join()
        self.process.kill()
        with self.process:
            pass  # it closes the pipe and waits
        self._errors.close()

    def wait_for_line(self, pattern: str) -> re.Match[str]:
        """Read stdout up to the line that `pattern` is found in."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            found = re.search(pattern, line)
            if found:
                return found
        raise AssertionError(f"no line has {pattern}: {self.lines} {self.errors}")

    def end(self, by: signal.Signals | None = None) -> int:
        """Read stdout to its end and return the exit status, after sending the signal `by` if there is one."""
        if by is not None:
            self.process.send_signal(by)
        rest, _ = self.process.communicate()
        self.lines += rest.splitlines(keepends=True)
        return self.process.returncode

    @property
    def output(self) -> str:
        """What has been read of stdout."""
        return "".join(self.lines)

    @property
    def errors(self) -> str:
        """What has been written to stderr."""
        # Not by this file object's own position, which the process shares.
        return os.pread(self._errors.fileno(), 10**7, 0).decode()

    @property
    def cpu_seconds(self) -> float:
        """What it has spent of the processor's time by now."""
        # After the name in parentheses, which may hold anything.
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def upstream(self) -> int | None:
        """The process id of its upstream."""
        return self.world("upstream.json")

    def world(self, file: str) -> int | None:
        """The process id of the world that counts in this file."""
        return world_of(self.folder, file)

    @property
    def worlds(self) -> list[int]:
        """The process ids of all its worlds."""
        sought = f"--counts={self.folder}/".encode()
        return [pid for pid in _processes() if any(each.startswith(sought) for each in _command_line(pid))]

    @property
    def workers(self) -> list[int]:
        """The process ids of its workers."""
        sought = json.dumps(str(self.folder)).encode()
        return [pid for pid in _processes() if any(_is_job(each, sought) for each in _command_line(pid))]

    @property
    def servers(self) -> list[int]:
        """The process ids of its Prometheus and its Alertmanager, and of what keeps them."""
        sought = f"{self.folder / 'prometheus'}/".encode()
        return [pid for pid in _processes() if any(sought in argument for argument in _command_line(pid))]

    @property
    def metrics_url(self) -> str:
        """Where it serves /metrics, as it said."""
        return self.wait_for_line(r"metrics: (http://\S+)")[1]


class Files:
    """What a run that is over has left in its folder. Spans are as the SDK writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def summary(self) -> dict[str, Any]:
        return dict(json.loads((self._folder / "summary.json").read_text()))

    @cached_property
    def requests(self) -> dict[str, dict[str, int]]:
        """What the upstream counted, by operation."""
        counted = self.world("upstream.json")
        return {operation: counted.get(route, {}) for operation, route in ROUTES.items()}

    def world(self, file: str) -> dict[str, dict[str, int]]:
        """What a world counted, by route and answer."""
        return dict(json.loads((self._folder / file).read_text())["requests"])

    @cached_property
    def rows(self) -> list[tuple[int, str, str | None]]:
        """The papers of the store."""
        with closing(sqlite3.connect(self._folder / "papers.db")) as store:
            return store.execute("select number, title, summary from papers order by number").fetchall()

    @cached_property
    def spans(self) -> list[dict[str, Any]]:
        """Every line, each of which must be whole."""
        text = (self._folder / "spans.jsonl").read_text()
        assert text == "" or text.endswith("\n")
        return [json.loads(line) for line in text.splitlines()]

    @cached_property
    def calls(self) -> list[dict[str, Any]]:
        return [span for span in self.spans if "retold.attempt.count" in span["attributes"]]

    @cached_property
    def attempts(self) -> list[dict[str, Any]]:
        return [span for span in self.spans if "retold.attempt.number" in span["attributes"]]

    @cached_property
    def gets(self) -> list[dict[str, Any]]:
        return [span for span in self.spans if span["name"] == "GET"]

    @cached_property
    def posts(self) -> list[dict[str, Any]]:
        return [span for span in self.spans if span["name"] == "POST"]

    @property
    def trace_ids(self) -> set[str]:
        return {span["context"]["trace_id"].removeprefix("0x") for span in self.spans}

    def counted(self, name: str) -> dict[str, Counter[str]]:
        """One count of the table, `calls`, `attempts` or `give_ups`, by operation and outcome."""
        return {operation: Counter(counts[name]) for operation, counts in self.summary["operations"].items()}


def world_of(folder: Path, file: str) -> int | None:
    """The process id of the world that counts in this file, of a demo that writes to `folder`."""
    sought = f"--counts={folder / file}".encode()
    return next((pid for pid in _processes() if sought in _command_line(pid)), None)


def wait_until(claim: Callable[[], bool], timeout: float = 10.0) -> float:
    """Return the seconds until `claim` held.

    Raises:
        TimeoutError: It did not within `timeout` seconds.
    """
    began = time.monotonic()
    while not claim():
        if time.monotonic() - began > timeout:
            raise TimeoutError(f"{claim} did not hold within {timeout} s")
        time.sleep(_POLL_INTERVAL)
    return time.monotonic() - began


def _is_job(argument: bytes, folder: bytes) -> bool:
    return argument.startswith(b"{") and b'"folder": ' + folder in argument


def _processes() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdecimal()]


def _command_line(pid: int) -> list[bytes]:
    """The arguments of a process; none for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []

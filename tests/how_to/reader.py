"""A reader who follows a document: saves its files, types its commands, and remembers what was answered."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_BLOCK = re.compile(r"^```(python|sh|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_TOO_LONG = 60.0


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a document, in the order of the document."""

    kind: str
    text: str

    @property
    def commands(self) -> list[str]:
        """One a line."""
        return self.text.splitlines()

    @property
    def file(self) -> tuple[str, str]:
        """The name in its first line, and its text."""
        name = re.match(r"# (\S+)\n", self.text)
        assert name, self.text
        return name[1], self.text


def by_number(document: str, exchanged: Mapping[str, str]) -> dict[str, list[Block]]:
    """The blocks of each numbered section, some texts exchanged for others; those must be in the document."""
    for old, new in exchanged.items():
        assert old in document, f"the document no longer says {old}"
        document = document.replace(old, new)
    sections = re.split(r"^## ", document, flags=re.MULTILINE)
    numbered = {found[1]: section for section in sections if (found := re.match(r"(\d+)\. ", section))}
    blocks = {number: [Block(*found) for found in _BLOCK.findall(section)] for number, section in numbered.items()}
    assert sum(map(len, blocks.values())) == document.count("\n```") / 2, "some block is of another kind, or nowhere"
    return blocks


class Shell:
    """The reader's shell: a bash that is told one command after the other.

    Entering starts it, and leaving ends it with everything that it started and that is still there.

    Args:
        folder: Where it works.
        env: Its environment.
    """

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._folder = folder
        self._env = dict(env)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            start_new_session=True,
        )
        self._watchdog = threading.Timer(2 * _TOO_LONG, self._kill)
        self._watchdog.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._watchdog.cancel()
        self._watchdog.join()
        self._kill()
        with suppress(BrokenPipeError), self._process:
            pass  # it closes the pipes and waits

    def type(self, command: str) -> str:
        """What a command answers; it must end with status 0."""
        assert self._process.stdin
        assert self._process.stdout
        # Not the shell's own input, from which a command could read what is typed next.
        self._process.stdin.write(f'eval {shlex.quote(command)} </dev/null; echo " " status $?\n')
        said = ""
        for line in self._process.stdout:
            ended = re.search(r"  ?status (\d+)\n$", line)
            if ended:
                said += line[: ended.start()]
                assert ended[1] == "0", f"{command} ended with status {ended[1]}: {said}"
                return said
            said += line
        raise AssertionError(f"the shell ended in {command}: {said}")

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def shape(line: str) -> str:
    """A line without its numbers, its phase of an incident, its alert, and what may be none."""
    line = re.sub(r"^(?:FIRING|RESOLVED) \w+ .*", "alert", line)
    line = re.sub(r"0x[0-9a-f]+|\d[\d.:]*", "0", line)
    line = re.sub(r"\[(?:before|degrading|outage|storm|after)\]", "[phase]", line)
    line = re.sub(r"(?:, |\(|)0 \w+_(?:exhausted|exceeded)\)?|  0 gave up", "", line)
    return " ".join(line.replace("0 ms", "0 s").split())


def wait_for_port(port: int) -> None:
    """Wait until somebody listens there, as a reader does who has yet to type the next command."""
    deadline = time.monotonic() + _TOO_LONG
    while True:
        with suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        assert time.monotonic() < deadline, f"nobody listens at port {port}"
        time.sleep(0.05)


def processes_in(folder: Path) -> list[str]:
    """What runs in a folder or below it, or names it."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's
            words = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            if str(folder) in words or Path(os.readlink(process / "cwd")).is_relative_to(folder):
                found.append(words)
    return found


Keys = Callable[[], None]

"""The demo's hold on a server that is not its own: a program that never outlives this process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.request import ProxyHandler, build_opener

from retold.cli import signals

_GRACE = 5.0
"""Seconds that a server has to end when it is asked to."""

_POLL_INTERVAL = 0.05
_PORTS_TO_TRY = 5

# This machine is never behind the proxy that the environment may name.
_direct = build_opener(ProxyHandler({}))


class KeptError(RuntimeError):
    """A server did not start, or ended before its time."""


class Kept:
    """A running server: `start` makes one, and leaving its context ends it.

    It is the child of a keeper, which ends it when this process ends, in whatever way.

    Attributes:
        address: Its `host:port`.
        url: The same as an address.
    """

    def __init__(self, command: list[str], address: str, log: Path) -> None:
        self.address = address
        self.url = f"http://{address}"
        self._name = Path(command[0]).name
        self._log = log
        with log.open("wb") as said:
            with signals.kept_from_children():
                self._process = subprocess.Popen(
                    # -P: a `json.py` in the user's folder must not become the keeper's.
                    [sys.executable, "-P", "-m", "retold.cli.demo.keeper", f"{_GRACE}", *command],
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    stdout=said,
                    stderr=said,
                    # Its own session and group: a terminal's Ctrl-C must not reach it, and a kill must reach all of it.
                    start_new_session=True,
                )

    @classmethod
    def start(cls, command: Callable[[str], list[str]], log: Path, *, timeout: float = 15.0) -> Self:
        """Start the program on a free port and wait until it says that it is ready.

        Args:
            command: Says how to start it, on this `host:port`.
            log: The file for what it says.
            timeout: Seconds until a program that is not ready is given up.

        Raises:
            KeptError: It ended, or was not ready in time.
        """
        for _ in range(_PORTS_TO_TRY):
            address = f"127.0.0.1:{_free_port()}"
            server = cls(command(address), address, log)
            try:
                server._wait_until_ready(timeout)
            except BaseException as error:
                server.close()
                # Somebody else was faster.
                if isinstance(error, KeptError) and b"address already in use" in log.read_bytes().lower():
                    continue
                raise
            return server
        raise KeptError(f"{_PORTS_TO_TRY} times somebody else took the port that was free: see {log}")

    def check(self) -> None:
        """See that it still runs.

        Raises:
            KeptError: It has ended.
        """
        status = self._process.poll()
        if status is not None:
            raise KeptError(f"{self._name} has ended with status {status} before the run did: see {self._log}")

    def close(self, timeout: float = _GRACE + 3.0) -> None:
        """End it, by force after `timeout` seconds. More than once does no harm."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            is_well = self._process.wait(timeout) >= 0
        except subprocess.TimeoutExpired:
            is_well = False
        if not is_well:
            # The keeper was stuck or killed; what it kept is still in its group.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait_until_ready(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not self._is_ready():
            if self._process.poll() is not None:
                said = self._log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
                raise KeptError(f"{self._name} ended with status {self._process.returncode}: {said} (see {self._log})")
            if time.monotonic() >= deadline:
                raise KeptError(f"{self._name} was not ready after {timeout:g} s: see {self._log}")
            time.sleep(_POLL_INTERVAL)

    def _is_ready(self) -> bool:
        try:
            _direct.open(f"{self.url}/-/ready", timeout=1).close()
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

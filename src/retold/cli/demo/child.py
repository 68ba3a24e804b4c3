"""The demo's hold on its upstream: a process that never outlives this one."""

import json
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from retold.cli.demo.incident import Incident


class UpstreamError(RuntimeError):
    """The upstream did not start, or ended before its time."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The requests that reached the upstream, by route and then by its answer."""

    seed: int
    requests: dict[str, dict[str, int]]
    total: int


class Upstream:
    """A running upstream: `start` makes one, and leaving its context closes it.

    It ends when its stdin does, so it needs no farewell: however this process ends, the system
    closes that pipe.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, counts: Path) -> None:
        self._process = process
        self._counts = counts
        self.pid = process.pid
        self.url = f"http://127.0.0.1:{port}"

    @classmethod
    def start(
        cls,
        *,
        seed: int,
        failure_rate: float,
        stall: float,
        counts: Path,
        requests: Path | None = None,
        incident: Incident | None = None,
        timeout: float = 10.0,
    ) -> Self:
        """Start the process and wait until it listens.

        Args:
            seed: Decides the answers to each route's requests.
            failure_rate: The share of requests that fail outside the incident, from 0 to 1.
            stall: Seconds until a stalled connection is closed.
            counts: The file that the upstream keeps its counts in.
            requests: The file that it writes down every request in, if it is to.
            incident: `None` means that there is none.
            timeout: Seconds until a silent process is given up.

        Raises:
            UpstreamError: The process ended, or was silent, instead.
        """
        options = [
            f"--seed={seed}",
            f"--failure-rate={failure_rate}",
            f"--stall={stall}",
            f"--counts={counts}",
        ]
        if requests:
            options.append(f"--requests={requests}")
        if incident:
            options += [f"--incident-at={incident.at}", f"--incident-for={incident.lasts}"]
        process = subprocess.Popen(
            # -P: a `json.py` in the user's folder must not become the upstream's.
            [sys.executable, "-P", "-m", "retold.cli.demo.upstream", *options],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Its own session: a terminal's Ctrl-C must not reach it before this process is done with it.
            start_new_session=True,
        )
        try:
            return cls(process, _port(process, timeout), counts)
        except BaseException:
            _kill(process)
            raise

    def begin(self) -> None:
        """Start the incident's clock: the load starts now.

        Raises:
            UpstreamError: The process has ended.
        """
        assert self._process.stdin
        try:
            self._process.stdin.write(b"start\n")
        except BrokenPipeError:
            raise UpstreamError("the upstream has ended before the load began") from None

    def check(self) -> None:
        """See that the process still runs.

        Raises:
            UpstreamError: It has ended.
        """
        status = self._process.poll()
        if status is not None:
            raise UpstreamError(f"the upstream has ended with status {status} before the run did")

    def close(self, timeout: float = 5.0) -> Counts:
        """End the process, by force after `timeout` seconds, and read what it counted.

        Counts of a process that ended by force may lack its last second.
        """
        self._end(timeout)
        return Counts(**json.loads(self._counts.read_text(encoding="utf-8")))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end(timeout=5.0)

    def _end(self, timeout: float) -> None:
        try:
            self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _kill(self._process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def _port(process: subprocess.Popen[bytes], timeout: float) -> int:
    assert process.stdout
    # The line comes in one write, so it is there whole or not at all.
    is_silent = not select.select([process.stdout], [], [], timeout)[0]
    line = b"" if is_silent else process.stdout.readline()
    if line:
        return int(json.loads(line)["port"])
    if is_silent:
        process.kill()
    _, errors = process.communicate()
    reason = f"said nothing for {timeout:g} s" if is_silent else f"ended with status {process.returncode}"
    raise UpstreamError(f"the upstream {reason}. {errors.decode(errors='replace')}".strip())

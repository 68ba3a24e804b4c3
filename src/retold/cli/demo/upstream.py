"""The demo's unreliable upstream: a real HTTP server that fails as often as it is told to.

Run as `python -m retold.cli.demo.upstream`. It prints `{"port": N}` when it is ready, starts the
incident's clock at the line `start` on its stdin, a pipe, and lives until that pipe ends or SIGTERM.

A request is counted when its header has been read whole and before anything is answered, so that the
counts equal the requests that arrived, whatever their clients saw. For the same reason an idle
connection is never closed: the client's next request could cross the closing and fail uncounted.
"""

import argparse
import asyncio
import json
import math
import os
import re
import signal
import socket
import stat
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, assert_never, cast

from retold.cli.demo.answers import Answer, Choices
from retold.cli.demo.incident import Incident

HEADER_LIMIT_BYTES = 64 * 1024
REQUEST_LINE = re.compile(rb"GET /([^?\s]*)\S* HTTP/1\.[01]\r")
# With a linger time of zero, closing a socket sends a reset instead of an orderly end.
NO_LINGER = struct.pack("ii", 1, 0)


def response(status: str, *headers: str) -> bytes:
    """A whole HTTP response with a small JSON body."""
    body = json.dumps({"status": status})
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", body]).encode()


BAD_REQUEST = response("400 Bad Request", "Connection: close")
RESPONSES = {
    Answer.OK: response("200 OK"),
    Answer.UNAVAILABLE: response("503 Service Unavailable", "Retry-After: 1"),
    Answer.RATE_LIMITED: response("429 Too Many Requests", "Retry-After: 1"),
}


class Counts:
    """The requests that arrived, by route and answer, kept in a JSON file.

    Args:
        path: That file.
        seed: Written into it.
        each: Where every request is a line of JSON: when it came (Unix time), its path, its answer.
    """

    def __init__(self, path: Path, seed: int, each: TextIO | None = None) -> None:
        self._path = path
        self._seed = seed
        self._each = each
        self._requests: dict[str, Counter[Answer]] = {}
        self._is_written = False

    def add(self, path: str, answer: Answer) -> None:
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
        unfinished = self._path.with_name(f"{self._path.name}.unfinished")
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


@dataclass(slots=True)
class Service:
    """Answers requests: usually at one failure rate, and at the incident's once its clock runs."""

    choices: Choices
    counts: Counts
    usual: float
    incident: Incident
    now: Callable[[], float]
    began_at: float = math.inf

    def begin(self) -> None:
        """Start the incident's clock."""
        self.began_at = self.now()

    def answer(self, path: str) -> Answer:
        """Choose the answer to a request and count it."""
        rate = self.incident.failure_rate(self.now() - self.began_at, self.usual)
        answer = self.choices.answer(path.partition("/")[0], rate)
        self.counts.add(path, answer)
        return answer


class Connection(asyncio.Protocol):
    """One client's connection: reads the headers of GET requests, and carries out the answers.

    Bodies are none of its business: what follows a blank line is the next request.
    """

    def __init__(self, service: Service, stall: float, opened: set[asyncio.Transport]) -> None:
        self._service = service
        self._stall = stall
        self._opened = opened
        self._unread = b""
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._opened.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._opened.discard(self._transport)
        if self._stalled:
            self._stalled.cancel()

    def data_received(self, data: bytes) -> None:
        if self._stalled:
            return
        self._unread += data
        while not (self._stalled or self._transport.is_closing()):
            line, newline, _ = self._unread.partition(b"\n")
            header, blank, rest = self._unread.partition(b"\r\n\r\n")
            request = REQUEST_LINE.fullmatch(line)
            if len(header) > HEADER_LIMIT_BYTES or (newline and not request):
                self._transport.write(BAD_REQUEST)
                self._transport.close()
            elif request and blank:
                self._unread = rest
                self._carry_out(self._service.answer(request[1].decode("latin-1")))
            else:
                return

    def _carry_out(self, answer: Answer) -> None:
        match answer:
            case Answer.OK | Answer.UNAVAILABLE | Answer.RATE_LIMITED:
                self._transport.write(RESPONSES[answer])
            case Answer.RESET:
                client = cast(socket.socket, self._transport.get_extra_info("socket"))
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                self._transport.abort()
            case Answer.STALL:
                self._stalled = asyncio.get_running_loop().call_later(self._stall, self._transport.close)
            case _:
                assert_never(answer)


async def serve(service: Service, stall: float) -> None:
    """Serve until stdin ends or SIGTERM."""
    loop = asyncio.get_running_loop()
    opened: set[asyncio.Transport] = set()
    server = await loop.create_server(lambda: Connection(service, stall, opened), "127.0.0.1", 0)
    words = asyncio.StreamReader()
    stdin, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(words), sys.stdin)
    # Closing stdin from this side ends the loop below just as its end does.
    loop.add_signal_handler(signal.SIGTERM, stdin.close)
    ready = json.dumps({"port": server.sockets[0].getsockname()[1]})
    # Unbuffered: were the parent gone already, a buffered line would fail once more at the exit.
    with suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), f"{ready}\n".encode())
    writing = asyncio.create_task(service.counts.keep_written())
    async for word in words:
        if word == b"start\n":
            service.begin()
    server.close()
    writing.cancel()
    # Before the connections end: a client that sees its end finds the last counts.
    service.counts.write()
    for transport in opened:
        transport.abort()


def share(text: str) -> float:
    if not 0 <= float(text) <= 1:
        raise ValueError
    return float(text)


def seconds(text: str) -> float:
    if not 0 <= float(text) < math.inf:
        raise ValueError
    return float(text)


def main() -> None:
    # A terminal's Ctrl-C goes to every process on it; the parent ends this one when it is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parser = argparse.ArgumentParser(prog="python -m retold.cli.demo.upstream")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--failure-rate", type=share, required=True)
    parser.add_argument("--stall", type=seconds, required=True)
    parser.add_argument("--counts", type=Path, required=True)
    parser.add_argument("--requests", type=Path)
    parser.add_argument("--incident-at", type=seconds, default=math.inf)
    parser.add_argument("--incident-for", type=seconds, default=0.0)
    options = parser.parse_args()
    if (options.incident_at < math.inf) != (options.incident_for > 0):
        parser.error("--incident-at and a positive --incident-for need each other")
    # The loop cannot wait for a file's end, so the upstream would never end.
    if not (stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode) or sys.stdin.isatty()):
        parser.error("stdin must be a pipe or a terminal")
    incident = Incident(at=options.incident_at, lasts=options.incident_for)
    try:
        with open(options.requests, "w", encoding="utf-8") if options.requests else nullcontext() as each:
            counts = Counts(options.counts, options.seed, each)
            service = Service(Choices(options.seed), counts, options.failure_rate, incident, time.monotonic)
            counts.write()
            asyncio.run(serve(service, options.stall))
    except OSError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()

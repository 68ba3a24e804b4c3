"""A server's side of one HTTP connection: requests are read whole, and answered in order."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
from abc import abstractmethod
from collections.abc import Callable
from typing import TypeAlias, cast

from retold.cli.demo.worlds.counts import Counts
from retold.cli.demo.worlds.process import Weather, live

SIZE_LIMIT_BYTES = 64 * 1024
"""The longest header, and the longest body."""

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]{1,9})\r\n", re.IGNORECASE)
# With a linger time of zero, closing a socket sends a reset instead of an orderly end.
_NO_LINGER = struct.pack("ii", 1, 0)


def response(status: str, *headers: str, **content: object) -> bytes:
    """A whole HTTP response with a small JSON body."""
    body = json.dumps({"status": status} | content)
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", body]).encode()


_BAD_REQUEST = response("400 Bad Request", "Connection: close")


Opened: TypeAlias = set[asyncio.Transport]


class Connection(asyncio.Protocol):
    """One client's connection: reads requests of one method, and has `answer` answer them.

    A request is answered, and so counted, when it has been read whole. An idle connection is never closed: the
    client's next request could cross the closing and fail uncounted.

    Args:
        method: The one method that is known.
        stall: Seconds until a stalled connection is closed.
        opened: The connections of the server that are open.
    """

    def __init__(self, method: str, stall: float, opened: Opened) -> None:
        self._request_line = re.compile(rf"{method} /([^?\s]*)\S* HTTP/1\.[01]\r".encode())
        self._stall = stall
        self._opened = opened
        self._unread = b""
        self._stalled: asyncio.TimerHandle | None = None

    @abstractmethod
    def answer(self, path: str, body: bytes) -> None:
        """Answer a request, by one of the three below."""

    def respond(self, whole: bytes) -> None:
        """Send a response."""
        self._transport.write(whole)

    def reset(self) -> None:
        """End the connection with a reset."""
        client = cast(socket.socket, self._transport.get_extra_info("socket"))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def stall(self, part: bytes = b"") -> None:
        """Send no more than a part of a response, and close the connection after a while."""
        self._transport.write(part)
        self._stalled = asyncio.get_running_loop().call_later(self._stall, self._transport.close)

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
            request = self._request_line.fullmatch(line)
            found = _LENGTH.search(header + b"\r\n")
            length = int(found[1]) if found else 0
            if max(len(header), length) > SIZE_LIMIT_BYTES or (newline and not request):
                self._transport.write(_BAD_REQUEST)
                self._transport.close()
            elif request and blank and len(rest) >= length:
                self._unread = rest[length:]
                self.answer(request[1].decode("latin-1"), rest[:length])
            else:
                return


async def serve(connection: Callable[[Opened], Connection], weather: Weather, counts: Counts) -> None:
    """Serve on a free port of this machine, which the line says that is printed, until stdin ends or SIGTERM.

    Args:
        connection: Made for each client, with those that are open.
        weather: Hears what is said on stdin.
        counts: What the connections count.
    """
    opened: Opened = set()
    server = await asyncio.get_running_loop().create_server(lambda: connection(opened), "127.0.0.1", 0)
    await live(weather, counts, port=server.sockets[0].getsockname()[1])
    server.close()
    # Before the connections end: a client that sees its end finds the last counts.
    counts.write()
    for transport in opened:
        transport.abort()

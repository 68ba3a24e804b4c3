"""The demo's `/metrics`: the default port, or a free one that is said aloud."""

from __future__ import annotations

import errno

from prometheus_client import start_http_server

from retold.cli.demo.options import DEFAULT_PORT

_HOST = "127.0.0.1"


class PortError(RuntimeError):
    """The port that was asked for cannot be had."""


class Endpoint:
    """A server of `/metrics` on loopback, in threads of its own.

    Args:
        port: Where; 0 is any free port, None the default one or, if that is taken, a free one.

    Attributes:
        url: Where it serves.
        moved: Whether the default port was taken.

    Raises:
        PortError: The port that was asked for is taken, or not for this user.
    """

    def __init__(self, port: int | None) -> None:
        self.moved = False
        try:
            self._server, self._thread = start_http_server(DEFAULT_PORT if port is None else port, _HOST)
        except OSError as error:
            if port is not None:
                reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
                raise PortError(f"{port} {reason}: name another, or leave it out to get a free one") from error
            self.moved = True
            self._server, self._thread = start_http_server(0, _HOST)
        self.url = f"http://{_HOST}:{self._server.server_port}/metrics"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

"""The demo's `/metrics`: on loopback unless told otherwise, at the default port or a free one that is said aloud."""

from __future__ import annotations

import errno
import ipaddress
import socket

from prometheus_client import REGISTRY, CollectorRegistry, start_http_server

from retold.cli.demo.options import DEFAULT_HOST, DEFAULT_PORT


class EndpointError(RuntimeError):
    """The host or the port that was asked for cannot be had; the message begins with the option."""


class Endpoint:
    """A server of `/metrics`, in threads of its own.

    Args:
        port: Where; 0 is any free port, None the default one or, if that is taken, a free one.
        host: The address to listen on, or a name of it.
        registry: What it serves.

    Attributes:
        url: Where it serves.
        target: The same as `host:port`, for who asks from this machine.
        moved: Whether the default port was taken.

    Raises:
        EndpointError: The host is none of this machine's, or the port is taken, or not for this user.
    """

    def __init__(self, port: int | None, host: str = DEFAULT_HOST, registry: CollectorRegistry = REGISTRY) -> None:
        self.moved = False
        try:
            self._server, self._thread = start_http_server(DEFAULT_PORT if port is None else port, host, registry)
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise EndpointError(
                    f"--host {host} cannot be used ({error.strerror}): name an address of this machine"
                ) from error
            if port is not None:
                reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
                raise EndpointError(
                    f"--port {port} {reason}: name another, or leave it out to get a free one"
                ) from error
            self.moved = True
            self._server, self._thread = start_http_server(0, host, registry)
        self.target = _joined(_asked_at(host), self._server.server_port)
        self.url = f"http://{_joined(host, self._server.server_port)}/metrics"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _asked_at(host: str) -> str:
    """Where this machine reaches itself: an address that stands for all of its addresses is none to ask at."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"

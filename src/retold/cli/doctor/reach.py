"""Asking a server over HTTP or TCP, and saying in words why it did not answer."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

_LARGEST = 64 * 1024 * 1024


class Unreachable(Exception):
    """There was no answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, whatever its status."""

    status: int
    kind: str
    body: bytes


# As Prometheus asks: without the proxies that the environment names.
DIRECT = build_opener(ProxyHandler({}))


def ask(
    url: str,
    timeout: float,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    opener: OpenerDirector = DIRECT,
) -> Answer:
    """The answer to a GET, or to a POST of `body`.

    Raises:
        Unreachable: There was none.
    """
    request = Request(url, data=body, headers=dict(headers or {}))
    try:
        with opener.open(request, timeout=timeout) as response:
            return Answer(response.status, response.headers.get_content_type(), response.read(_LARGEST))
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers.get_content_type(), error.read(_LARGEST))
    except (OSError, HTTPException) as error:
        raise Unreachable(_why(error, timeout)) from error


def connect(host: str, port: int, timeout: float) -> None:
    """Open a connection, and close it.

    Raises:
        Unreachable: It could not be opened.
    """
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError as error:
        raise Unreachable(_why(error, timeout)) from error


def _why(error: Exception, timeout: float) -> str:
    match error.reason if isinstance(error, URLError) else error:
        case ConnectionRefusedError():
            return "nobody listens there"
        case socket.gaierror():
            return "the name of the host is not known"
        case TimeoutError():
            return f"no answer within {timeout:g} s"
        case ssl.SSLError() as reason:
            return f"TLS failed ({reason.reason or reason})"
        case reason:
            return f"the connection broke ({reason or type(reason).__name__})"

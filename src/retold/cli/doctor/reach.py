"""Asking a server over HTTP or TCP, and saying in words why it did not answer."""

from __future__ import annotations

import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead
from urllib.error import HTTPError, URLError
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from retold.cli.printable import printable

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
    """The answer to a GET, or to a POST of `body`; a user and a password in the URL are sent as Basic authentication.

    Raises:
        Unreachable: There was none.
    """
    try:
        with opener.open(_request(url, body, headers or {}), timeout=timeout) as response:
            read = response.read(_LARGEST)
            # Half a page must not pass for a whole one, on which counters have gone back.
            if response.length and len(read) < _LARGEST:
                raise IncompleteRead(read, response.length)
            return Answer(response.status, response.headers.get_content_type(), read)
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


def _request(url: str, body: bytes | None, headers: Mapping[str, str]) -> Request:
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    request = Request(parts._replace(netloc=host).geturl(), data=body, headers=dict(headers))
    if user:
        # Not for whoever a redirect leads to.
        request.add_unredirected_header("Authorization", f"Basic {b64encode(unquote_to_bytes(user)).decode()}")
    return request


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
        case IncompleteRead():
            return "the connection broke in the middle of the answer"
        case reason:
            # Some of these quote what the server sent.
            return printable(f"the connection broke ({str(reason).strip() or type(reason).__name__})")

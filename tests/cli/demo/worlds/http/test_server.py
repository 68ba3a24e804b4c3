"""The demo's upstream: what it promises to its clients and to whoever counts."""

import socket
from collections.abc import Callable

import httpx
import pytest

from retold.cli.demo.worlds.connection import SIZE_LIMIT_BYTES
from retold.cli.demo.worlds.http.answers import Answer
from tests.cli.demo.worlds.http.upstreams import Upstream, route_that_gets


def read_to_end(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def test_an_answer_is_what_its_name_says(launch: Callable[..., Upstream]) -> None:
    upstream = launch(failure_rate=1.0)

    with upstream.client() as client:
        unavailable = client.get(f"/{route_that_gets(Answer.UNAVAILABLE)}/1?draft=1")
        limited = client.get(f"/{route_that_gets(Answer.RATE_LIMITED)}")
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            client.get(f"/{route_that_gets(Answer.RESET)}/1")
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(f"/{route_that_gets(Answer.STALL)}/1")

    assert (unavailable.status_code, unavailable.headers["Retry-After"]) == (503, "1")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "1")
    failures = set(Answer) - {Answer.OK}
    assert upstream.end() == {route_that_gets(answer): {answer: 1} for answer in failures}


def test_a_success_has_a_json_body(launch: Callable[..., Upstream]) -> None:
    with launch().client() as client:
        assert client.get("/papers/17").json() == {"status": "200 OK"}


def test_a_reset_reaches_the_client_as_one(launch: Callable[..., Upstream]) -> None:
    with launch(failure_rate=1.0).connect() as client:
        client.sendall(f"GET /{route_that_gets(Answer.RESET)} HTTP/1.1\r\n\r\n".encode())

        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_counts_a_request_before_it_answers(launch: Callable[..., Upstream]) -> None:
    upstream = launch(failure_rate=1.0, stall=3600.0)
    route = route_that_gets(Answer.STALL)

    with upstream.client(timeout=0.1) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"/{route}/1")

    assert upstream.end() == {route: {"stall": 1}}


def test_a_stalled_connection_takes_no_more_requests(launch: Callable[..., Upstream]) -> None:
    upstream = launch(failure_rate=1.0, stall=3600.0)
    route = route_that_gets(Answer.STALL)

    with upstream.connect() as client, upstream.client() as other:
        client.sendall(f"GET /{route} HTTP/1.1\r\n\r\n".encode())
        other.get(f"/{route_that_gets(Answer.UNAVAILABLE)}")
        client.sendall(f"GET /{route} HTTP/1.1\r\n\r\n".encode())
        other.get(f"/{route_that_gets(Answer.RATE_LIMITED)}")

    assert upstream.end()[route] == {"stall": 1}


def test_counts_every_request_of_a_connection_and_closes_it_never(launch: Callable[..., Upstream]) -> None:
    upstream = launch()
    request = b"GET /papers/17 HTTP/1.1\r\nHost: x\r\n\r\n"

    with upstream.connect() as client:
        client.sendall(request * 2 + b"GET /authors HTTP/1.1\r\n")
        client.sendall(b"Host: x\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        received = b""
        while received.count(b"200 OK\r\n") < 4:
            received += client.recv(65536)
        counted = upstream.end()

    assert counted == {"": {"ok": 1}, "authors": {"ok": 1}, "papers": {"ok": 2}}


@pytest.mark.parametrize("garbage", [b"hello\r\n", b"\x16\x03\x01\n", b"POST /papers HTTP/1.1\r\n\r\n"])
def test_refuses_garbage_and_does_not_count_it(launch: Callable[..., Upstream], garbage: bytes) -> None:
    upstream = launch()

    with upstream.connect() as client:
        client.sendall(garbage)
        answer = read_to_end(client)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert upstream.end() == {}


def test_closes_on_a_header_without_end(launch: Callable[..., Upstream]) -> None:
    upstream = launch()

    with upstream.connect() as client:
        client.sendall(b"GET /papers HTTP/1.1\r\nX: " + b"x" * (SIZE_LIMIT_BYTES - 10))
        answer = read_to_end(client)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert upstream.end() == {}


def test_bears_clients_that_hang_up_at_any_moment(launch: Callable[..., Upstream]) -> None:
    upstream = launch(failure_rate=0.5, stall=3600.0)
    request = b"GET /papers/17 HTTP/1.1\r\n\r\n"

    for length in range(len(request) + 1):
        with upstream.connect() as client:
            client.sendall(request[:length])
    for _ in range(20):
        with upstream.connect() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.sendall(request * 50)
    with upstream.client() as client:
        route = route_that_gets(Answer.UNAVAILABLE)
        client.get(f"/{route}")

    assert sum(upstream.end()[route].values()) == 1

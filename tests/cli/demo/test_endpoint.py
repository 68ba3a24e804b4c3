"""The demo's /metrics: on the port that was asked for or not at all, and otherwise on any that is free."""

import errno
import socket
import threading
from collections.abc import Iterator
from urllib.request import ProxyHandler, build_opener

import pytest

from retold.cli.demo import endpoint
from retold.cli.demo.endpoint import Endpoint, EndpointError
from tests.services.ports import free_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_serves_metrics_until_it_is_closed() -> None:
    before = threading.active_count()
    port = free_port()
    served = Endpoint(port)

    with build_opener(ProxyHandler({})).open(served.url, timeout=5) as response:
        assert b"python_info" in response.read()
    served.close()

    assert (served.url, served.moved) == (f"http://127.0.0.1:{port}/metrics", False)
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_uses_the_default_port_if_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setattr(endpoint, "DEFAULT_PORT", port)
    served = Endpoint(None)
    served.close()

    assert (served.url, served.moved) == (f"http://127.0.0.1:{port}/metrics", False)


def test_moves_on_when_the_default_port_is_taken(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "DEFAULT_PORT", taken)
    served = Endpoint(None)
    served.close()

    assert served.moved
    assert f":{taken}/" not in served.url


def test_refuses_a_taken_port_that_was_asked_for(taken: int) -> None:
    with pytest.raises(EndpointError, match=rf"^--port {taken} is in use: name another"):
        Endpoint(taken)


@pytest.mark.parametrize(
    ("host", "url", "target"),
    [
        ("127.0.0.2", "http://127.0.0.2:{}/metrics", "127.0.0.2:{}"),
        ("localhost", "http://localhost:{}/metrics", "localhost:{}"),
        ("0.0.0.0", "http://0.0.0.0:{}/metrics", "127.0.0.1:{}"),
        ("::1", "http://[::1]:{}/metrics", "[::1]:{}"),
        ("::", "http://[::]:{}/metrics", "[::1]:{}"),
    ],
)
def test_serves_on_the_address_it_is_told_and_says_where_this_machine_asks(host: str, url: str, target: str) -> None:
    port = free_port()
    served = Endpoint(port, host)

    with build_opener(ProxyHandler({})).open(f"http://{served.target}/metrics", timeout=5) as response:
        assert response.status == 200
    served.close()

    assert (served.url, served.target) == (url.format(port), target.format(port))


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_refuses_an_address_that_is_not_this_machines(host: str) -> None:
    with pytest.raises(EndpointError, match=rf"^--host {host} cannot be used \(.*\): name an address of this machine"):
        Endpoint(0, host)


def test_says_why_a_port_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(endpoint, "start_http_server", refuse)

    with pytest.raises(EndpointError, match=r"^--port 80 cannot be used \(Permission denied\): name another"):
        Endpoint(80)

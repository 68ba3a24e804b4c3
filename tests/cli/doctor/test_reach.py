"""Why a server did not answer, in words."""

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from retold.cli.doctor.reach import Unreachable, ask, connect


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(Unreachable, match=r"^no answer within 0\.2 s$"):
            ask(f"http://127.0.0.1:{silent.getsockname()[1]}", 0.2)


@contextmanager
def answering(said: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server that says this to the first who asks: its port, and what it was asked."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                heard.append(connection.recv(4096))
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1], heard
        thread.join()


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH\r\n"])
def test_a_server_that_speaks_something_else_broke_the_connection(said: bytes) -> None:
    with answering(said) as (port, _), pytest.raises(Unreachable, match=r"^the connection broke"):
        ask(f"http://127.0.0.1:{port}", 5)


def test_what_a_server_sent_is_quoted_in_one_line_that_does_nothing_to_a_terminal() -> None:
    with answering(b"\x1b[31m\x00 odd\r\n\r\n") as (port, _), pytest.raises(Unreachable) as raised:
        ask(f"http://127.0.0.1:{port}", 5)

    assert str(raised.value) == "the connection broke (·[31m· odd)"


def test_half_an_answer_is_none() -> None:
    half = b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nretold_calls_total 1\n"
    with answering(half) as (port, _), pytest.raises(Unreachable, match=r"broke in the middle of the answer$"):
        ask(f"http://127.0.0.1:{port}", 5)


def test_a_user_in_the_address_is_told_to_the_server() -> None:
    with answering(b"HTTP/1.0 200 OK\r\n\r\nup 1\n") as (port, heard):
        answer = ask(f"http://ada:p%40ss@127.0.0.1:{port}/metrics", 5)

    assert (answer.status, answer.body) == (200, b"up 1\n")
    assert b"Host: 127.0.0.1:" in heard[0]
    assert b"Authorization: Basic " + base64.b64encode(b"ada:p@ss") in heard[0]


def test_a_connection_to_a_server_is_opened_and_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect("127.0.0.1", server.getsockname()[1], 5)
        connection, _ = server.accept()
        with connection:
            assert connection.recv(1) == b""

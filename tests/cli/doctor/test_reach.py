"""Why a server did not answer, in words."""

import socket
import threading

import pytest

from retold.cli.doctor.reach import Unreachable, ask, connect


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(Unreachable, match=r"^no answer within 0\.2 s$"):
            ask(f"http://127.0.0.1:{silent.getsockname()[1]}", 0.2)


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH\r\n"])
def test_a_server_that_speaks_something_else_broke_the_connection(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(Unreachable, match=r"^the connection broke"):
            ask(f"http://127.0.0.1:{other.getsockname()[1]}", 5)
        thread.join()


def test_a_connection_to_a_server_is_opened_and_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect("127.0.0.1", server.getsockname()[1], 5)
        connection, _ = server.accept()
        with connection:
            assert connection.recv(1) == b""

"""The demo's hold on servers that know nothing of it: they start, are watched, and never stay."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from retold.cli.demo import keeper as module
from retold.cli.demo import kept
from retold.cli.demo.kept import Kept, KeptError
from tests.cli.demo.running import wait_until
from tests.services.otlp import OtlpSink
from tests.services.ports import free_port, is_open

SERVER = """
import http.server, signal, sys
{before}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status})
        self.end_headers()
host, port = sys.argv[1].split(":")
http.server.HTTPServer((host, int(port)), Handler).serve_forever()
"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
PARENT = """
import signal, sys
from pathlib import Path
from retold.cli.demo.kept import Kept

server = Kept.start(lambda address: [sys.executable, "-c", sys.argv[1], address], Path(sys.argv[2]))
print(server.url, flush=True)
signal.pause()
"""


def server(before: str = "", status: int = 200) -> str:
    return SERVER.format(before=before, status=status)


def start(folder: Path, script: str, timeout: float = 15.0) -> Kept:
    return Kept.start(lambda address: [sys.executable, "-c", script, address], folder / "log", timeout=timeout)


def keeper_of(server: Kept) -> int:
    return server._process.pid


def test_serves_until_its_context_ends(tmp_path: Path) -> None:
    with start(tmp_path, server()) as running:
        running.check()
        assert is_open(running.url)
        assert running.url == f"http://{running.address}"

    assert not is_open(running.url)


def test_a_ctrl_c_at_the_terminal_does_not_reach_it(tmp_path: Path) -> None:
    with start(tmp_path, server()) as running:
        assert os.getpgid(keeper_of(running)) != os.getpgid(0)


def test_closes_twice(tmp_path: Path) -> None:
    running = start(tmp_path, server())

    running.close()
    running.close()

    assert not is_open(running.url)


def test_a_server_that_does_not_end_is_killed(tmp_path: Path) -> None:
    running = start(tmp_path, server(DEAF))

    running.close(timeout=0.2)

    wait_until(lambda: not is_open(running.url))


def test_a_server_whose_keeper_was_killed_is_killed(tmp_path: Path) -> None:
    with start(tmp_path, server()) as running:
        os.kill(keeper_of(running), signal.SIGKILL)
        os.waitid(os.P_PID, keeper_of(running), os.WEXITED | os.WNOWAIT)

    wait_until(lambda: not is_open(running.url))


def test_a_server_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(KeptError, match=r"^python\S* ended with status 3: no config \(see .*log\)$"):
        start(tmp_path, "import sys; print('hello'); print('no config'); sys.exit(3)")


def test_a_server_that_is_never_ready_is_given_up_and_ended(tmp_path: Path) -> None:
    with pytest.raises(KeptError, match=r"was not ready after 0 s: see .*log"):
        start(tmp_path, server(status=503), timeout=0)


def test_moves_on_when_somebody_else_takes_its_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, otlp_sink: OtlpSink
) -> None:
    taken, free = urlsplit(otlp_sink.http_endpoint).port, free_port()
    monkeypatch.setattr(kept, "_free_port", iter([taken, free]).__next__)

    with start(tmp_path, server()) as running:
        assert running.address == f"127.0.0.1:{free}"


def test_says_that_somebody_else_always_takes_its_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, otlp_sink: OtlpSink
) -> None:
    monkeypatch.setattr(kept, "_free_port", lambda: urlsplit(otlp_sink.http_endpoint).port)

    with pytest.raises(KeptError, match=r"5 times somebody else took the port that was free: see .*log"):
        start(tmp_path, server())


def test_an_end_before_its_time_is_told_with_the_status_that_a_shell_would_tell(tmp_path: Path) -> None:
    script = server("import threading, os; threading.Timer(1, os.kill, (os.getpid(), signal.SIGKILL)).start()")
    with start(tmp_path, script) as running:
        os.waitid(os.P_PID, keeper_of(running), os.WEXITED | os.WNOWAIT)

        with pytest.raises(KeptError, match=r"^python\S* has ended with status 137 before the run did: see .*log$"):
            running.check()


def test_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, server(), str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        url = parent.stdout.readline().strip()
        assert is_open(url)

        parent.kill()

        wait_until(lambda: not is_open(url))


@pytest.mark.parametrize("script", ["", DEAF], ids=["willing", "deaf"])
def test_the_keeper_ends_its_program_when_stdin_ends(script: str) -> None:
    program = f"import signal; {script}\nprint('there', flush=True); signal.pause()"
    with subprocess.Popen(
        [sys.executable, "-m", module.__name__, "0.2", sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as keeper:
        assert keeper.stdout
        assert keeper.stdout.readline() == b"there\n"

        assert keeper.communicate(timeout=10) == (b"", b"")
        assert keeper.returncode == 128 + (signal.SIGKILL if script else signal.SIGTERM)


def test_the_keeper_ends_its_program_at_a_sigterm_and_not_at_a_sigint() -> None:
    program = "import signal; print('there', flush=True); signal.pause()"
    with subprocess.Popen(
        [sys.executable, "-m", module.__name__, "5", sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as keeper:
        assert keeper.stdout
        assert keeper.stdout.readline() == b"there\n"

        keeper.send_signal(signal.SIGINT)
        keeper.send_signal(signal.SIGTERM)

        assert keeper.wait(timeout=10) == 128 + signal.SIGTERM

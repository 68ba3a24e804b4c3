"""The demo's hold on its upstream: what it promises to the demo, and what when the demo dies."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from retold.cli.demo.worlds.held import Counted, Held, WorldError
from tests.cli.demo.running import wait_until
from tests.cli.demo.worlds.http.upstreams import is_ok

PARENT = """
import signal, sys
from pathlib import Path
from retold.cli.demo.worlds.held import Held

options = ["--seed=7", "--failure-rate=0", "--stall=0"]
upstream = Held("the upstream", "retold.cli.demo.worlds.http.server", options, Path(sys.argv[1]))
print(upstream.wait_until_ready()["port"], flush=True)
signal.pause()
"""


def launched(folder: Path, *more: str) -> Held:
    options = ["--seed=7", "--failure-rate=0", "--stall=0", *more]
    return Held("the upstream", "retold.cli.demo.worlds.http.server", options, folder / "counts.json")


@contextmanager
def start(folder: Path, *more: str) -> Iterator[tuple[Held, str]]:
    """An upstream and its address."""
    with launched(folder, *more) as held:
        yield held, f"http://127.0.0.1:{held.wait_until_ready()['port']}"


def test_serves_until_closed_and_returns_what_it_counted(tmp_path: Path) -> None:
    with start(tmp_path) as (upstream, url):
        httpx.get(f"{url}/papers/17", trust_env=False).raise_for_status()

        assert upstream.close() == Counted(seed=7, requests={"papers": {"ok": 1}}, total=1)
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, trust_env=False)


def test_leaves_no_process_when_its_context_ends(tmp_path: Path) -> None:
    with start(tmp_path) as (upstream, _):
        os.kill(upstream.pid, 0)

    with pytest.raises(ProcessLookupError):
        os.kill(upstream.pid, 0)


def test_begins_the_incident(tmp_path: Path) -> None:
    with start(tmp_path, "--incident-at=0", "--incident-for=3600") as (upstream, url):
        upstream.begin()
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert not all(is_ok(client) for _ in range(1000))


def test_brings_trouble_and_ends_it(tmp_path: Path) -> None:
    with start(tmp_path) as (upstream, url), httpx.Client(base_url=url, trust_env=False) as client:

        def is_all_well() -> bool:
            return all(is_ok(client) for _ in range(200))

        assert is_all_well()
        upstream.trouble(True)
        wait_until(lambda: not is_all_well())
        upstream.trouble(False)
        wait_until(is_all_well)


def test_trouble_for_one_that_has_ended_is_no_failure_of_its_own(tmp_path: Path) -> None:
    with start(tmp_path) as (upstream, _):
        os.kill(upstream.pid, signal.SIGKILL)
        os.waitid(os.P_PID, upstream.pid, os.WEXITED | os.WNOWAIT)

        upstream.trouble(True)


def test_leaves_nothing_unfinished_of_a_process_that_has_died(tmp_path: Path) -> None:
    with start(tmp_path) as (upstream, _):
        os.kill(upstream.pid, signal.SIGKILL)
        (tmp_path / "counts.json.unfinished").touch()

    assert [path.name for path in tmp_path.iterdir()] == ["counts.json"]


def test_closes_twice_with_the_same_counts(tmp_path: Path) -> None:
    with start(tmp_path) as (upstream, _):
        assert upstream.close() == upstream.close() == Counted(seed=7, requests={}, total=0)


def test_closes_a_process_that_has_died(tmp_path: Path) -> None:
    with start(tmp_path) as (upstream, _):
        os.kill(upstream.pid, signal.SIGKILL)
        os.waitid(os.P_PID, upstream.pid, os.WEXITED | os.WNOWAIT)

        with pytest.raises(WorldError, match="the upstream has ended"):
            upstream.begin()

        with pytest.raises(WorldError, match="the upstream ended with status -9, so its counts are not whole"):
            upstream.close()


def test_kills_a_process_that_does_not_end(tmp_path: Path) -> None:
    with start(tmp_path) as (upstream, _):
        os.kill(upstream.pid, signal.SIGSTOP)

        with pytest.raises(WorldError, match="the upstream ended with status -9, so its counts are not whole"):
            upstream.close(timeout=0.1)

        with pytest.raises(ProcessLookupError):
            os.kill(upstream.pid, 0)


def test_tells_why_the_upstream_did_not_start(tmp_path: Path) -> None:
    with launched(tmp_path / "missing") as upstream:
        with pytest.raises(WorldError, match=r"the upstream ended with status 1\. .*No such file or directory"):
            upstream.wait_until_ready()


def test_gives_up_on_an_upstream_that_says_nothing(tmp_path: Path) -> None:
    with launched(tmp_path) as upstream:
        with pytest.raises(WorldError, match="the upstream said nothing for 0 s"):
            upstream.wait_until_ready(timeout=0.0)

    with pytest.raises(ProcessLookupError):
        os.kill(upstream.pid, 0)


def test_starts_in_a_folder_whose_files_are_named_like_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)

    with start(tmp_path) as (_, url):
        assert url.startswith("http://127.0.0.1:")


def test_a_ctrl_c_at_the_terminal_does_not_reach_it(tmp_path: Path) -> None:
    with start(tmp_path) as (upstream, _):
        assert os.getpgid(upstream.pid) != os.getpgid(0)


def test_a_sigint_does_not_end_it_before_it_can_say_so(tmp_path: Path) -> None:
    with launched(tmp_path) as upstream:
        os.kill(upstream.pid, signal.SIGINT)

        assert upstream.wait_until_ready()["port"] > 0
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    command = [sys.executable, "-c", PARENT, str(counts)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        port = int(parent.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(b"GET /papers/17 HTTP/1.1\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")

            parent.kill()

            # The upstream's end is the connection's; nothing else would end it.
            assert client.recv(65536) == b""

    assert '"total": 1' in counts.read_text()


def test_tells_that_the_upstream_has_ended(tmp_path: Path) -> None:
    with start(tmp_path) as (upstream, _):
        upstream.check()
        os.kill(upstream.pid, signal.SIGKILL)
        os.waitid(os.P_PID, upstream.pid, os.WEXITED | os.WNOWAIT)

        with pytest.raises(WorldError, match="the upstream has ended with status -9 before the run did"):
            upstream.check()

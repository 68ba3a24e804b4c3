"""The demo's hold on its upstream: what it promises to the demo, and what when the demo dies."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from retold.cli.demo.child import Counts, Upstream, UpstreamError
from retold.cli.demo.incident import Incident
from tests.cli.demo.upstreams import is_ok

PARENT = """
import signal, sys
from pathlib import Path
from typing import Any
from retold.cli.demo.child import Upstream

upstream = Upstream.start(seed=7, failure_rate=0.0, stall=0.0, counts=Path(sys.argv[1]))
print(upstream.url, flush=True)
signal.pause()
"""


def start(folder: Path, *, incident: Incident | None = None, timeout: float = 10.0) -> Upstream:
    counts = folder / "counts.json"
    return Upstream.start(seed=7, failure_rate=0.0, stall=0.0, counts=counts, incident=incident, timeout=timeout)


def test_serves_until_closed_and_returns_what_it_counted(tmp_path: Path) -> None:
    upstream = start(tmp_path)

    httpx.get(f"{upstream.url}/papers/17", trust_env=False).raise_for_status()

    assert upstream.close() == Counts(seed=7, requests={"papers": {"ok": 1}}, total=1)
    with pytest.raises(httpx.ConnectError):
        httpx.get(upstream.url, trust_env=False)


def test_leaves_no_process_when_its_context_ends(tmp_path: Path) -> None:
    with start(tmp_path) as upstream:
        os.kill(upstream.pid, 0)

    with pytest.raises(ProcessLookupError):
        os.kill(upstream.pid, 0)


def test_begins_the_incident(tmp_path: Path) -> None:
    with start(tmp_path, incident=Incident(at=0.0, lasts=3600.0)) as upstream:
        upstream.begin()
        with httpx.Client(base_url=upstream.url, trust_env=False) as client:
            assert not all(is_ok(client) for _ in range(1000))


def test_closes_twice_with_the_same_counts(tmp_path: Path) -> None:
    with start(tmp_path) as upstream:
        assert upstream.close() == upstream.close() == Counts(seed=7, requests={}, total=0)


def test_closes_a_process_that_has_died(tmp_path: Path) -> None:
    upstream = start(tmp_path)
    os.kill(upstream.pid, signal.SIGKILL)
    os.waitid(os.P_PID, upstream.pid, os.WEXITED | os.WNOWAIT)

    with pytest.raises(UpstreamError, match="has ended"):
        upstream.begin()

    assert upstream.close().total == 0


def test_kills_a_process_that_does_not_end(tmp_path: Path) -> None:
    upstream = start(tmp_path)
    os.kill(upstream.pid, signal.SIGSTOP)

    upstream.close(timeout=0.1)

    with pytest.raises(ProcessLookupError):
        os.kill(upstream.pid, 0)


def test_tells_why_the_upstream_did_not_start(tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match=r"ended with status 1\. .*No such file or directory"):
        start(tmp_path / "missing")


def test_gives_up_on_an_upstream_that_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match="said nothing for 0 s"):
        start(tmp_path, timeout=0.0)


def test_starts_in_a_folder_whose_files_are_named_like_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)

    with start(tmp_path) as upstream:
        assert upstream.url.startswith("http://127.0.0.1:")


def test_a_ctrl_c_at_the_terminal_does_not_reach_it(tmp_path: Path) -> None:
    with start(tmp_path) as upstream:
        assert os.getpgid(upstream.pid) != os.getpgid(0)


def test_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    command = [sys.executable, "-c", PARENT, str(counts)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        port = int(parent.stdout.readline().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(b"GET /papers/17 HTTP/1.1\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")

            parent.kill()

            # The upstream's end is the connection's; nothing else would end it.
            assert client.recv(65536) == b""

    assert '"total": 1' in counts.read_text()


def test_an_interrupted_start_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            started.append(self)

    monkeypatch.setattr("select.select", interrupted)
    monkeypatch.setattr("subprocess.Popen", Recorded)

    with pytest.raises(KeyboardInterrupt):
        start(tmp_path)

    [process] = started
    assert process.returncode == -signal.SIGKILL


def test_tells_that_the_upstream_has_ended(tmp_path: Path) -> None:
    with start(tmp_path) as upstream:
        upstream.check()
        os.kill(upstream.pid, signal.SIGKILL)
        os.waitid(os.P_PID, upstream.pid, os.WEXITED | os.WNOWAIT)

        with pytest.raises(UpstreamError, match="ended with status -9 before the run did"):
            upstream.check()

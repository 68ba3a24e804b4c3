"""The demo's upstream as a process: what it promises to its parent."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from retold.cli.demo.worlds.http.answers import Answer
from tests.cli.demo.worlds.http.upstreams import COMMAND, Running, is_ok


def test_the_line_start_begins_the_incident(launch: Callable[..., Running]) -> None:
    upstream = launch(more=("--incident-at=0", "--incident-for=3600"))
    assert upstream.process.stdin

    with upstream.client() as client:
        before = [is_ok(client) for _ in range(20)]
        upstream.process.stdin.write("strat\nstart\n")
        upstream.process.stdin.flush()
        assert not all(is_ok(client) for _ in range(1000))

    assert all(before)
    assert upstream.end()["papers"].keys() > {Answer.OK}


def test_writes_its_counts_while_it_runs(launch: Callable[..., Running]) -> None:
    upstream = launch()

    with upstream.client() as client:
        sent = 0
        while not upstream.counted():
            assert client.get("/papers/1").status_code == 200
            sent += 1

    assert upstream.end() == {"papers": {"ok": sent}}


def test_writes_down_every_request_if_it_is_to(launch: Callable[..., Running], tmp_path: Path) -> None:
    upstream = launch(more=(f"--requests={tmp_path / 'requests.jsonl'}",))

    before = time.time()
    with upstream.client() as client:
        for path in ("papers/1", "papers/2?draft=1", "pdfs/1/2"):
            client.get(f"/{path}")
    upstream.end()

    requests = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text().splitlines()]
    assert [(each["path"], each["answer"]) for each in requests] == [
        ("papers/1", "ok"),
        ("papers/2", "ok"),
        ("pdfs/1/2", "ok"),
    ]
    assert before <= requests[0]["time"] <= requests[-1]["time"] <= time.time()


def test_ends_at_sigterm_with_its_counts(launch: Callable[..., Running]) -> None:
    upstream = launch()

    with upstream.client() as client:
        client.get("/papers/1")
        upstream.process.terminate()
        status = upstream.process.wait(timeout=5)
        with pytest.raises(httpx.TransportError):
            client.get("/papers/1")

    assert status == 0
    assert upstream.end() == {"papers": {"ok": 1}}


def test_ignores_sigint(launch: Callable[..., Running]) -> None:
    upstream = launch()

    with upstream.client() as client:
        upstream.process.send_signal(signal.SIGINT)
        assert client.get("/papers/1").status_code == 200

    assert upstream.end() == {"papers": {"ok": 1}}


def test_outlives_no_parent_that_left_before_it_was_ready(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [*COMMAND, "--seed=7", "--failure-rate=0", "--stall=0", f"--counts={tmp_path / 'counts.json'}"]

    ended = subprocess.run(command, input=b"", stdout=write_end, stderr=subprocess.PIPE, timeout=10)
    os.close(write_end)

    assert (ended.returncode, ended.stderr) == (0, b"")


def test_rejects_a_stdin_that_cannot_end_it(tmp_path: Path) -> None:
    right = ["--seed=7", "--failure-rate=0", "--stall=0", f"--counts={tmp_path / 'counts.json'}"]

    ended = subprocess.run([*COMMAND, *right], stdin=subprocess.DEVNULL, capture_output=True, timeout=10)

    assert ended.returncode == 2
    assert b"stdin must be a pipe" in ended.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        "--failure-rate=1.1",
        "--failure-rate=often",
        "--stall=-1",
        "--stall=nan",
        "--seed=x",
        "--incident-at=5",
        "--incident-for=5",
    ],
)
def test_rejects_wrong_options(tmp_path: Path, wrong: str) -> None:
    right = ["--seed=7", "--failure-rate=0", "--stall=0", f"--counts={tmp_path / 'counts.json'}"]

    ended = subprocess.run([*COMMAND, *right, wrong], input="", capture_output=True, text=True, timeout=10)

    assert ended.returncode == 2
    assert wrong.partition("=")[0] in ended.stderr

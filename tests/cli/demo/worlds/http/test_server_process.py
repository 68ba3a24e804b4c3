"""The demo's upstream as a process: what it promises to its parent."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from retold.cli.demo.worlds.http.answers import Answer
from tests.cli.demo.worlds.http.upstreams import Upstream, is_ok


def test_the_line_start_begins_the_incident(launch: Callable[..., Upstream]) -> None:
    upstream = launch(more=("--incident-at=0", "--incident-for=3600"))
    with upstream.client() as client:
        before = [is_ok(client) for _ in range(20)]
        upstream.say("strat")
        upstream.say("start")
        assert not all(is_ok(client) for _ in range(1000))

    assert all(before)
    assert upstream.end()["papers"].keys() > {Answer.OK}


def test_writes_its_counts_while_it_runs(launch: Callable[..., Upstream]) -> None:
    upstream = launch()

    with upstream.client() as client:
        sent = 0
        while not upstream.counted():
            assert client.get("/papers/1").status_code == 200
            sent += 1

    assert upstream.end() == {"papers": {"ok": sent}}


def test_writes_down_every_request_if_it_is_to(launch: Callable[..., Upstream], tmp_path: Path) -> None:
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


def test_ends_at_sigterm_with_its_counts(launch: Callable[..., Upstream]) -> None:
    upstream = launch()

    with upstream.client() as client:
        client.get("/papers/1")
        upstream.process.terminate()
        status = upstream.process.wait(timeout=5)
        with pytest.raises(httpx.TransportError):
            client.get("/papers/1")

    assert status == 0
    assert upstream.end() == {"papers": {"ok": 1}}

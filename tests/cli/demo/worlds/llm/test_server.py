"""The demo's language model: what it promises to its customers and to whoever counts."""

import socket
from itertools import count
from pathlib import Path

import httpx
import pytest

import retold
from retold.cli.demo.incident import Incident
from retold.cli.demo.worlds.connection import SIZE_LIMIT_BYTES
from retold.cli.demo.worlds.counts import Counts
from retold.cli.demo.worlds.llm.answers import Answer, choices
from retold.cli.demo.worlds.llm.buckets import Limits
from retold.cli.demo.worlds.llm.server import Service
from retold.cli.demo.worlds.process import Weather
from retold.testing import ManualClock
from tests.cli.demo.worlds.processes import SEED, Process

BODY = {"text": "Attention is all you need"}


def client(world: Process) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{world.ready['port']}", timeout=5, trust_env=False)


def route_that_gets(answer: Answer) -> str:
    """A route whose first request fails with `answer` when every request fails."""
    return next(f"v{n}" for n in count() if choices(SEED).answer(f"v{n}", 1.0) is answer)


def test_limits_come_before_chance(tmp_path: Path) -> None:
    clock, counts = ManualClock(), Counts(tmp_path / "counts.json", SEED)
    weather = Weather(usual=0.5, incident=Incident(0.0, 0.0), now=clock.now)
    service = Service(choices(SEED), counts, weather, Limits(1.0, 1000.0, clock.now))
    answers = []

    for _ in range(20):
        answers.append(service.answer("summaries", 1)[0])
        assert service.answer("summaries", 1) == (Answer.RATE_LIMITED, 1.0)
        clock.advance(1.0)

    chosen = choices(SEED)
    assert answers == [chosen.answer("summaries", 0.5) for _ in range(20)]


def test_a_success_has_a_summary_and_says_what_is_left(tmp_path: Path) -> None:
    with Process("llm.server", tmp_path) as world:
        with client(world) as asking:
            answered = asking.post("/summaries", json=BODY)

        assert answered.json() == {"status": "200 OK", "summary": BODY["text"]}
        assert answered.headers["x-ratelimit-remaining-requests"] == "999"
        assert retold.hints.from_headers(answered.headers) is None
        assert world.end() == {"summaries": {"ok": 1}}


def test_a_request_over_the_limit_is_told_when_to_come_back(tmp_path: Path) -> None:
    with Process("llm.server", tmp_path, "--requests-per-second=0.01") as world:
        with client(world) as asking:
            first, second = (asking.post("/summaries", json=BODY) for _ in range(2))

        assert (first.status_code, second.status_code) == (200, 429)
        assert second.headers["x-ratelimit-remaining-requests"] == "0"
        assert second.headers["x-ratelimit-reset-requests"].endswith("ms")
        milliseconds = int(second.headers["retry-after-ms"])
        assert 50_000 < milliseconds <= 100_000
        assert retold.hints.from_headers(second.headers) == milliseconds / 1000
        assert world.end() == {"summaries": {"ok": 1, "rate_limited": 1}}


def test_tokens_have_a_limit_of_their_own(tmp_path: Path) -> None:
    with Process("llm.server", tmp_path, "--tokens-per-second=10") as world:
        with client(world) as asking:
            long, short = (asking.post("/summaries", json={"text": "x" * length}) for length in (400, 4))

        assert (long.status_code, short.status_code) == (200, 429)
        assert int(short.headers["x-ratelimit-remaining-requests"]) > 900
        assert world.end() == {"summaries": {"ok": 1, "rate_limited": 1}}


def test_an_answer_is_what_its_name_says(tmp_path: Path) -> None:
    with Process("llm.server", tmp_path, "--failure-rate=1") as world:
        with client(world) as asking:
            overloaded = asking.post(f"/{route_that_gets(Answer.OVERLOADED)}", json=BODY)
            with asking.stream("POST", f"/{route_that_gets(Answer.STALL)}", json=BODY) as stalled:
                parts = stalled.iter_raw()
                received = next(parts)
                with pytest.raises(httpx.RemoteProtocolError):
                    received += next(parts)

        assert overloaded.status_code == 529
        assert "retry-after-ms" not in overloaded.headers
        assert stalled.status_code == 200
        assert received
        assert len(received) == -(-int(stalled.headers["content-length"]) // 2)
        assert world.end() == {
            route_that_gets(Answer.OVERLOADED): {"overloaded": 1},
            route_that_gets(Answer.STALL): {"stall": 1},
        }


@pytest.mark.parametrize("body", [b"", b"Attention", b"[]", b'{"words": 5}', b"\xff"])
def test_what_is_no_text_has_an_empty_summary(tmp_path: Path, body: bytes) -> None:
    with Process("llm.server", tmp_path) as world:
        with client(world) as asking:
            assert asking.post("/summaries", content=body).json()["summary"] == ""

        assert world.end() == {"summaries": {"ok": 1}}


def test_counts_a_request_when_its_body_is_there_and_no_sooner(tmp_path: Path) -> None:
    with Process("llm.server", tmp_path) as world:
        with socket.create_connection(("127.0.0.1", world.ready["port"]), timeout=5) as customer:
            customer.sendall(b"POST /summaries HTTP/1.1\r\ncontent-length: 4\r\n\r\n{}")
            with client(world) as asking:
                asking.post("/others", json=BODY)
            customer.sendall(b"  POST /summaries HTTP/1.1\r\n\r\n")
            received = b""
            while received.count(b"200 OK\r\n") < 2:
                received += customer.recv(65536)

        assert world.end() == {"others": {"ok": 1}, "summaries": {"ok": 2}}


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET /summaries HTTP/1.1\r\n\r\n",
        b"POST /summaries HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (SIZE_LIMIT_BYTES + 1),
    ],
)
def test_refuses_garbage_and_does_not_count_it(tmp_path: Path, garbage: bytes) -> None:
    with Process("llm.server", tmp_path) as world:
        with socket.create_connection(("127.0.0.1", world.ready["port"]), timeout=5) as customer:
            customer.sendall(garbage)
            answer = b"".join(iter(lambda: customer.recv(65536), b""))

        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert world.end() == {}


def test_the_line_start_begins_the_incident(tmp_path: Path) -> None:
    with Process("llm.server", tmp_path, "--incident-at=0", "--incident-for=3600") as world, client(world) as asking:
        before = [asking.post("/summaries", json=BODY).status_code for _ in range(20)]
        world.say("start")
        while asking.post("/overload", json=BODY).status_code == 200:
            pass

    assert set(before) == {200}

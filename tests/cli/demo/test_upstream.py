"""The demo's upstream: what it promises to its clients, to its parent and to whoever counts."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from retold.cli.demo.incident import Incident
from retold.cli.demo.upstream import HEADER_LIMIT_BYTES, Answer, Choices, Counts, Service

SEED = 7
COMMAND = [sys.executable, "-m", "retold.cli.demo.upstream"]


class Running:
    """An upstream as its parent sees it: a process with two pipes."""

    def __init__(self, counts: Path, *options: str) -> None:
        self._counts = counts
        command = [*COMMAND, f"--seed={SEED}", f"--counts={counts}", *options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert self.process.stdout
        self.port: int = json.loads(self.process.stdout.readline())["port"]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def client(self, timeout: float = 5.0) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=timeout, trust_env=False)

    def end(self) -> dict[str, dict[str, int]]:
        """End it by its stdin, and return what it counted; it has nothing to say."""
        assert self.process.communicate(timeout=5) == ("", "")
        assert self.process.returncode == 0
        return self.counted()

    def counted(self) -> dict[str, dict[str, int]]:
        counts = json.loads(self._counts.read_text())
        requests: dict[str, dict[str, int]] = counts["requests"]
        assert counts["seed"] == SEED
        assert counts["total"] == sum(sum(answers.values()) for answers in requests.values())
        return requests


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def start(*, failure_rate: float = 0.0, stall: float = 0.05, more: tuple[str, ...] = ()) -> Running:
        options = (f"--failure-rate={failure_rate}", f"--stall={stall}", *more)
        running.append(Running(tmp_path / "counts.json", *options))
        return running[-1]

    yield start
    for upstream in running:
        if upstream.process.returncode is None:
            upstream.process.kill()
            upstream.process.communicate()


def route_that_gets(answer: Answer) -> str:
    """A route whose first request fails with `answer` when every request fails."""
    routes = (f"route{n}" for n in itertools.count())
    return next(route for route in routes if Choices(SEED).answer(route, 1.0) is answer)


def is_ok(client: httpx.Client) -> bool:
    try:
        return client.get("/papers/1").is_success
    except httpx.TransportError:
        return False


def read_to_end(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def test_a_seed_chooses_the_same_answers_whatever_the_order_across_routes() -> None:
    one, other = Choices(SEED), Choices(SEED)

    papers = [one.answer("papers", 0.5) for _ in range(50)]
    authors = [one.answer("authors", 0.5) for _ in range(50)]
    mixed = [(other.answer("authors", 0.5), other.answer("papers", 0.5)) for _ in range(50)]

    assert mixed == list(zip(authors, papers, strict=True))
    assert papers != authors
    assert papers != [Choices(SEED + 1).answer("papers", 0.5) for _ in range(50)]


def test_a_higher_failure_rate_changes_no_answer_that_already_failed() -> None:
    calm, rough = Choices(SEED), Choices(SEED)

    pairs = [(calm.answer("papers", 0.2), rough.answer("papers", 0.8)) for _ in range(200)]

    assert all(low is high for low, high in pairs if low is not Answer.OK)


def test_failures_follow_their_weights() -> None:
    choices = Choices(SEED)

    seen = Counter(choices.answer("papers", 1.0) for _ in range(10_000))

    weights = {Answer.UNAVAILABLE: 4, Answer.RATE_LIMITED: 2, Answer.RESET: 2, Answer.STALL: 2}
    assert {answer: round(count / 1000) for answer, count in seen.items()} == weights


def test_the_incident_sets_the_rate_once_its_clock_runs(tmp_path: Path) -> None:
    now = 100.0
    counts = Counts(tmp_path / "counts.json", SEED)
    service = Service(Choices(SEED), counts, usual=0.0, incident=Incident(5.0, 10.0), now=lambda: now)

    def share_of_failures() -> float:
        return sum(service.answer("papers") is not Answer.OK for _ in range(2000)) / 2000

    assert share_of_failures() == 0
    service.begin()
    assert share_of_failures() == 0
    now = 105.0
    assert 0.45 < share_of_failures() < 0.55
    now = 110.0
    assert 0.93 < share_of_failures() < 0.97
    now = 115.0
    assert share_of_failures() == 0


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


def test_an_answer_is_what_its_name_says(launch: Callable[..., Running]) -> None:
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


def test_a_success_has_a_json_body(launch: Callable[..., Running]) -> None:
    with launch().client() as client:
        assert client.get("/papers/17").json() == {"status": "200 OK"}


def test_a_reset_reaches_the_client_as_one(launch: Callable[..., Running]) -> None:
    with launch(failure_rate=1.0).connect() as client:
        client.sendall(f"GET /{route_that_gets(Answer.RESET)} HTTP/1.1\r\n\r\n".encode())

        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_counts_a_request_before_it_answers(launch: Callable[..., Running]) -> None:
    upstream = launch(failure_rate=1.0, stall=3600.0)
    route = route_that_gets(Answer.STALL)

    with upstream.client(timeout=0.1) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"/{route}/1")

    assert upstream.end() == {route: {"stall": 1}}


def test_a_stalled_connection_takes_no_more_requests(launch: Callable[..., Running]) -> None:
    upstream = launch(failure_rate=1.0, stall=3600.0)
    route = route_that_gets(Answer.STALL)

    with upstream.connect() as client, upstream.client() as other:
        client.sendall(f"GET /{route} HTTP/1.1\r\n\r\n".encode())
        other.get(f"/{route_that_gets(Answer.UNAVAILABLE)}")
        client.sendall(f"GET /{route} HTTP/1.1\r\n\r\n".encode())
        other.get(f"/{route_that_gets(Answer.RATE_LIMITED)}")

    assert upstream.end()[route] == {"stall": 1}


def test_counts_every_request_of_a_connection_and_closes_it_never(launch: Callable[..., Running]) -> None:
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


def test_writes_its_counts_while_it_runs(launch: Callable[..., Running]) -> None:
    upstream = launch()

    with upstream.client() as client:
        sent = 0
        while not upstream.counted():
            assert client.get("/papers/1").status_code == 200
            sent += 1

    assert upstream.end() == {"papers": {"ok": sent}}


@pytest.mark.parametrize("garbage", [b"hello\r\n", b"\x16\x03\x01\n", b"POST /papers HTTP/1.1\r\n\r\n"])
def test_refuses_garbage_and_does_not_count_it(launch: Callable[..., Running], garbage: bytes) -> None:
    upstream = launch()

    with upstream.connect() as client:
        client.sendall(garbage)
        answer = read_to_end(client)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert upstream.end() == {}


def test_closes_on_a_header_without_end(launch: Callable[..., Running]) -> None:
    upstream = launch()

    with upstream.connect() as client:
        client.sendall(b"GET /papers HTTP/1.1\r\nX: " + b"x" * (HEADER_LIMIT_BYTES - 10))
        answer = read_to_end(client)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert upstream.end() == {}


def test_bears_clients_that_hang_up_at_any_moment(launch: Callable[..., Running]) -> None:
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

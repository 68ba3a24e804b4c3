"""The pages for those who come from other libraries: they have every name, what they name is there, their code runs."""

import asyncio
import copy
import inspect
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import backoff
import nopanic
import pytest
import redress
import stamina
import tenacity

import retold
from scripts import peers, write_peers, written
from scripts.peers import LIBRARIES, PENDING, absent, names_of, said_of, wrong

SAID = {library: said_of(library) for library in LIBRARIES}
SPELLINGS = [
    pytest.param(each, id=f"{library}: {each['title']}") for library in LIBRARIES for each in SAID[library]["spellings"]
]


def test_the_pages_are_what_the_packages_have() -> None:
    command = [sys.executable, "-m", "scripts.write_peers", "--check"]

    done = subprocess.run(command, cwd=written.ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_page_that_is_not_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(written, "ROOT", tmp_path)
    monkeypatch.setattr(write_peers, "PAGES", tmp_path)

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["write_peers.py", *arguments])
        return write_peers.main()

    assert [run("--check"), run(), run("--check"), run("--missing")] == [1, 0, 0, 0]
    out, err = capsys.readouterr()
    names = ["README.md", *(f"{library}.md" for library in LIBRARIES)]
    assert err.splitlines() == [
        f"{name} is not what would be written: run python -m scripts.write_peers" for name in names
    ]
    assert out.split("\n") == [*(f"wrote {name}" for name in names), "", ""]


def changed(library: str, **names: list[str] | None) -> Mapping[str, Any]:
    """What is said of a library, with other things said of some names, or nothing."""
    said = copy.deepcopy(SAID[library])
    for name, row in names.items():
        said["names"].pop(f"{library}.{name}", None)
        if row is not None:
            said["names"][f"{library}.{name}"] = row
    return said


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ({"retry": None}, "stamina.toml does not say what stamina.retry is for us"),
        ({"again": ["", "no"]}, "stamina.toml tells of stamina.again, which stamina does not have"),
        ({"retry": ["", ""]}, "stamina.toml has neither ours nor a reason for stamina.retry"),
        ({"retry": ["retold.again", ""]}, "stamina.toml names retold.again for stamina.retry, which is not there"),
        (
            {"retry": ["", "see `retold.again`"]},
            "stamina.toml names retold.again for stamina.retry, which is not there",
        ),
        (
            {"retry": ["retold.retry(tries=3)", ""]},
            "stamina.toml names retold.retry(tries=) for stamina.retry, which is not there",
        ),
    ],
)
def test_what_is_not_as_it_should_be_is_said(names: dict[str, list[str] | None], complaint: str) -> None:
    assert list(wrong({**SAID, "stamina": changed("stamina", **names)})) == [complaint]


def test_what_was_announced_and_has_come_is_not_announced_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PENDING", PENDING | {"retold.retry(attempts=)"})

    assert list(wrong(SAID)) == ["retold.retry(attempts=) is here, or named nowhere: remove it from PENDING"]


@pytest.mark.parametrize(
    ("ours", "lacking"),
    [
        ("retold.retry(on=..., attempts=...)", []),
        ("retold.exporters.prometheus.Prometheus", []),
        ("raise retold.RetryAgain() from error", []),
        ("retold.Report.delays, retold.Attempt.number", []),
        ("retold.Policy.replace(attempts=2)", []),
        ("retold.Policy.replace(tries=2)", ["retold.Policy.replace(tries=)"]),
        ("retold.Exponential(first=1)", ["retold.Exponential(first=)"]),
        ("retold.Report.retries", ["retold.Report.retries"]),
        ("retold.nowhere(at=1)", ["retold.nowhere"]),
    ],
)
def test_ours_is_looked_up(ours: str, lacking: list[str]) -> None:
    assert list(absent(ours)) == lacking


@pytest.mark.parametrize(
    ("library", "name"),
    [
        ("tenacity", "tenacity.stop_after_attempt"),
        ("tenacity", "tenacity.asyncio.retry_if_result"),
        ("tenacity", "tenacity.tornadoweb.TornadoRetrying"),
        ("tenacity", "tenacity.Retrying(before_sleep=)"),
        ("tenacity", "tenacity.RetryCallState.attempt_number"),
        ("stamina", "stamina.retry(wait_jitter=)"),
        ("stamina", "stamina.instrumentation.RetryDetails.wait_for"),
        ("backoff", "backoff.on_predicate(predicate=)"),
        ("redress", "redress.contrib.httpx"),
        ("redress", "redress.RetryOutcome.stop_reason"),
        ("nopanic", "nopanic.backoff.full_jitter"),
        ("nopanic", "nopanic.retry.acall"),
    ],
)
def test_names_of_every_kind_are_found(library: str, name: str) -> None:
    found = list(names_of(SAID[library]))

    assert found.count(name) == 1
    assert len(set(found)) == len(found)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The waits of all libraries, which take no time."""
    waited: list[float] = []

    async def awaited(seconds: float) -> None:
        waited.append(seconds)

    # The libraries sleep as they like, and the examples are not to show how to prevent it.
    monkeypatch.setattr(time, "sleep", waited.append)
    monkeypatch.setattr(asyncio, "sleep", awaited)
    stamina.instrumentation.set_on_retry_hooks([])
    yield waited
    stamina.instrumentation.set_on_retry_hooks(None)


class Busy(ConnectionError):
    """A failure of a server that says when to come back."""

    retry_after = 3.0


class Server:
    """What the examples call: it fails so many times, then answers.

    Attributes:
        runs: How often it was called.
    """

    def __init__(self, failures: int, error: Exception) -> None:
        self.runs, self._failures, self._error = 0, failures, error

    def _answers(self) -> bool:
        self.runs += 1
        return self.runs > self._failures

    def get(self, url: str) -> bytes:
        if not self._answers():
            raise self._error
        return b"page"

    async def aget(self, url: str) -> bytes:
        return self.get(url)

    def ask(self, url: str) -> bytes:
        if not self._answers():
            raise Busy if isinstance(self._error, ConnectionError) else self._error
        return b"page"

    def poll(self, url: str) -> bytes | None:
        return b"page" if self._answers() else None


def outcome(code: str, server: Server, waits: list[float]) -> tuple[object, int, list[float], list[str]]:
    """What an example returns or raises, how often it called, what it waited, and what it logged."""
    logged: list[str] = []
    names: dict[str, Any] = {"tenacity": tenacity, "stamina": stamina, "backoff": backoff, "redress": redress}
    names |= {"nopanic": nopanic, "retold": retold, "__name__": "example", "log": logged.append}
    names |= {name: getattr(server, name) for name in ("get", "aget", "ask", "poll")}
    waits.clear()
    random.seed(8)
    exec(code, names)
    ended: object
    try:
        ended = names["fetch"]("https://example.org")
        ended = asyncio.run(ended) if inspect.iscoroutine(ended) else ended
    except Exception as error:
        ended = type(error)
    return ended, server.runs, list(waits), logged


@pytest.mark.parametrize("failures", [0, 1, 2, 99])
@pytest.mark.parametrize("error", [ConnectionError("reset"), KeyError("page")], ids=["retryable", "not"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_stands_side_by_side_does_the_same(
    spelling: dict[str, str], error: Exception, failures: int, waits: list[float]
) -> None:
    state = random.getstate()
    theirs, runs, waited, logged = outcome(spelling["theirs"], Server(failures, error), waits)
    ours, our_runs, our_waits, our_log = outcome(spelling["ours"], Server(failures, error), waits)
    random.setstate(state)

    assert our_runs == runs
    assert our_log == logged
    assert len(our_waits) == len(waited)
    if spelling.get("waits") != "other":
        assert our_waits == pytest.approx(waited)
    if spelling.get("ends") != "other" or failures < 99:
        assert ours == theirs


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_stands_side_by_side_is_little_and_narrow(library: str) -> None:
    spellings = SAID[library]["spellings"]
    code = "".join(each["theirs"] + each["ours"] for each in spellings)

    assert 3 <= len(spellings) <= 8
    assert max(map(len, code.splitlines())) <= 60

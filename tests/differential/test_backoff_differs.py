"""What Retold does otherwise than backoff, on purpose, shown one by one: the rows of `docs/peers/backoff.toml`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import backoff
import pytest

import retold
from retold.testing import ManualClock, MemoryExporter
from tests.differential.showing import assert_all_shown, interrupted_once, raised
from tests.forms import Failing

MANY = [ConnectionError] * 1_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Time for both."""
    clock = ManualClock()
    now = SimpleNamespace(now=lambda: datetime.fromtimestamp(clock.now(), UTC))
    monkeypatch.setattr("backoff._sync.datetime", SimpleNamespace(datetime=now))
    monkeypatch.setattr("backoff._sync.time", SimpleNamespace(sleep=clock.sleep))
    return clock


def retrying(work: Any, on: type[BaseException] = ConnectionError, **options: Any) -> Any:
    """The result of work under their policy, which waits one second unless told otherwise."""
    wait = options.pop("wait", backoff.constant)

    def called() -> Any:
        return work()

    # Its types say `Exception`, and its code does not.
    return backoff.on_exception(wait, on, jitter=None, **options)(called)()  # type: ignore[arg-type]


def test_no_limit(clock: ManualClock) -> None:
    assert retrying(Failing(*MANY, "page")) == "page"
    assert retold.Policy(on=ConnectionError, clock=clock).run(Failing(*MANY, "page")).attempts == 3
    assert "needs a timeout" in str(raised(lambda: retold.Policy(on=ConnectionError, attempts=None)))


def test_bad_number(clock: ManualClock) -> None:
    assert retrying(Failing(*MANY, "page"), max_tries=0) == "page"
    assert isinstance(raised(lambda: retold.Policy(on=ConnectionError, attempts=0)), retold.PolicyError)


def test_cut(clock: ManualClock) -> None:
    work = Failing(ConnectionError)
    raised(lambda: retrying(work, interval=3, max_time=5))
    assert (work.runs, clock.waits) == (3, [3, 2])

    clock.waits.clear()
    report = retold.Policy(on=ConnectionError, timeout=5, backoff=3, clock=clock).run(Failing(ConnectionError))
    assert (report.attempts, clock.waits) == (2, [3])


def test_no_cap(clock: ManualClock) -> None:
    retrying(Failing(*MANY[:30], "page"), wait=backoff.expo)
    assert clock.waits[-1] == 2**29

    clock.waits.clear()
    retold.Policy(on=ConnectionError, attempts=31, clock=clock).call(Failing(*MANY[:30], "page"))
    assert max(clock.waits) <= 10


def test_rejected(clock: ManualClock) -> None:
    @backoff.on_predicate(backoff.constant, max_tries=3, jitter=None)
    def fetch() -> str:
        return ""

    assert fetch() == ""
    policy = retold.Policy(on_result=lambda result: result == "", clock=clock)
    assert isinstance(raised(lambda: policy.call(lambda: "")), retold.RejectedResult)
    served = retold.Policy(
        on_result=lambda result: result == "", clock=clock, fallback=lambda error: getattr(error, "result", error)
    )
    assert served.call(lambda: "") == ""


def test_interrupt(clock: ManualClock) -> None:
    assert retrying(interrupted_once(), BaseException) == "page"
    policy = retold.Policy(on=BaseException, clock=clock)
    assert isinstance(raised(lambda: policy.call(interrupted_once())), KeyboardInterrupt)


def test_hook(clock: ManualClock) -> None:
    def broken(told: object) -> None:
        raise ZeroDivisionError

    assert isinstance(raised(lambda: retrying(Failing(ConnectionError, "page"), on_backoff=broken)), ZeroDivisionError)
    policy = retold.Policy(on=ConnectionError, on_retry=broken, clock=clock)
    assert policy.call(Failing(ConnectionError, "page")) == "page"


def test_secrets(clock: ManualClock, seen: MemoryExporter) -> None:
    told: list[object] = []

    def log_in(password: str) -> None:
        raise ConnectionError

    theirs = backoff.on_exception(backoff.constant, ConnectionError, max_tries=3, jitter=None, on_giveup=told.append)
    raised(lambda: theirs(log_in)("swordfish"))
    assert "swordfish" in repr(told)

    told.clear()
    raised(lambda: retold.Policy(on=ConnectionError, on_give_up=told.append, clock=clock)(log_in)("swordfish"))
    assert len(told) == 1
    assert "swordfish" not in repr([*told, *seen.events])


def test_generator(clock: ManualClock) -> None:
    def pages() -> Iterator[str]:
        yield "page"
        raise ConnectionError

    theirs = backoff.on_exception(backoff.constant, ConnectionError, jitter=None)(pages)
    assert isinstance(raised(lambda: list(theirs())), ConnectionError)
    assert isinstance(raised(lambda: retold.Policy(on=ConnectionError, clock=clock)(pages)), TypeError)


def test_every_difference_that_is_told_is_shown() -> None:
    assert_all_shown("backoff", globals())

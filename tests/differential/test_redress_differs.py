"""What Retold does otherwise than redress, on purpose, shown one by one: the rows of `docs/peers/redress.toml`."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import redress

import retold
from retold.testing import ManualClock
from tests.differential.showing import assert_all_shown, raised
from tests.forms import Failing

retry: Any = redress.retry  # which type checkers take for the module of that name


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Time for both."""
    clock = ManualClock()
    monkeypatch.setattr("redress.policy.state.time", SimpleNamespace(monotonic=clock.now))
    return clock


def retrying(work: Any, clock: ManualClock, **options: Any) -> Any:
    """The result of work under their policy, which waits one second unless told otherwise."""
    every = options.pop("every", 1.0)

    def called() -> Any:
        return work()

    return retry(strategy=lambda context: every, sleeper=clock.sleep, **options)(called)()


def runs(clock: ManualClock, error: type[Exception], **options: Any) -> int:
    """How often they run what always fails so."""
    work = Failing(error)
    raised(lambda: retrying(work, clock, **options))
    return work.runs


def test_limits(clock: ManualClock) -> None:
    assert runs(clock, ConnectionError) == 6
    assert runs(clock, ConnectionError, every=25.0) < 6

    assert retold.Policy(on=ConnectionError, backoff=90, clock=clock).run(Failing(ConnectionError)).attempts == 3


def test_unknown(clock: ManualClock) -> None:
    assert runs(clock, TypeError) == 3
    assert runs(clock, TypeError, max_unknown_attempts=0) == 1

    assert retold.Policy(on=ConnectionError, clock=clock).run(Failing(TypeError)).attempts == 1


class ConnectionLost(Exception):
    """A namesake of connection trouble."""


class Reset(ConnectionError):
    """Connection trouble by another name."""


def test_by_name(clock: ManualClock) -> None:
    assert runs(clock, ConnectionLost, max_unknown_attempts=0) == 6
    assert runs(clock, Reset, max_unknown_attempts=0) == 1

    policy = retold.Policy(on=ConnectionError, clock=clock)
    assert [policy.run(Failing(error)).attempts for error in (ConnectionLost, Reset)] == [1, 3]


def test_bad_number(clock: ManualClock) -> None:
    work = Failing("page")

    assert isinstance(raised(lambda: retrying(work, clock, max_attempts=0)), RuntimeError)
    assert work.runs == 0
    assert isinstance(raised(lambda: retold.Policy(on=ConnectionError, attempts=0)), retold.PolicyError)


def test_cut(clock: ManualClock) -> None:
    raised(lambda: retrying(Failing(ConnectionError), clock, every=3.0, deadline_s=5))
    assert clock.waits == [3, 2]

    clock.waits.clear()
    report = retold.Policy(on=ConnectionError, timeout=5, backoff=3, clock=clock).run(Failing(ConnectionError))
    assert (report.attempts, clock.waits) == (2, [3])


def test_rejected(clock: ManualClock) -> None:
    def unready(page: object) -> redress.ErrorClass | None:
        return None if page else redress.ErrorClass.TRANSIENT

    theirs = raised(lambda: retrying(lambda: "", clock, result_classifier=unready))
    ours = raised(lambda: retold.Policy(on_result=lambda page: not page, clock=clock).call(lambda: ""))

    assert isinstance(theirs, redress.RetryExhaustedError)
    assert isinstance(ours, retold.RejectedResult)
    assert ours.result == ""


def test_generator(clock: ManualClock) -> None:
    def pages() -> Iterator[str]:
        yield "page"
        raise ConnectionError

    theirs = retry(sleeper=clock.sleep)(pages)
    assert isinstance(raised(lambda: list(theirs())), ConnectionError)
    assert isinstance(raised(lambda: retold.Policy(on=ConnectionError, clock=clock)(pages)), TypeError)


def test_every_difference_that_is_told_is_shown() -> None:
    assert_all_shown("redress", globals())

"""What Retold does otherwise than stamina, on purpose, shown one by one: the rows of `docs/peers/stamina.toml`."""

from collections.abc import Iterator
from typing import Any

import pytest
import stamina

import retold
from retold.testing import ManualClock
from tests.differential.peers import Stamina
from tests.differential.showing import assert_all_shown, assert_spread_at_cap, interrupted_once, raised
from tests.forms import Failing


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Time for both."""
    clock = ManualClock()
    Stamina().prepare(monkeypatch, clock)
    return clock


def test_limits(clock: ManualClock) -> None:
    work = Failing(ConnectionError)
    raised(lambda: stamina.RetryingCaller(wait_initial=0, wait_jitter=0)(ConnectionError, work))
    assert work.runs == 10

    work = Failing(ConnectionError)
    raised(lambda: stamina.RetryingCaller(wait_initial=9, wait_jitter=0, wait_max=9)(ConnectionError, work))
    assert work.runs == 6

    assert retold.Policy(on=ConnectionError, backoff=90, clock=clock).run(Failing(ConnectionError)).attempts == 3


def test_no_limit(clock: ManualClock) -> None:
    caller = stamina.RetryingCaller(attempts=None, timeout=None, wait_max=0)

    assert caller(ConnectionError, Failing(*[ConnectionError] * 1_000, "page")) == "page"
    assert "needs a timeout" in str(raised(lambda: retold.Policy(on=ConnectionError, attempts=None)))


def test_looks_back(clock: ManualClock) -> None:
    work = Failing(ConnectionError)
    caller = stamina.RetryingCaller(timeout=5, wait_initial=3, wait_max=3, wait_jitter=0)
    raised(lambda: caller(ConnectionError, work))
    assert (work.runs, clock.waits) == (3, [3, 3])

    clock.waits.clear()
    report = retold.Policy(on=ConnectionError, timeout=5, backoff=3, clock=clock).run(Failing(ConnectionError))
    assert (report.attempts, clock.waits) == (2, [3])


def test_jitter_at_cap(clock: ManualClock) -> None:
    caller = stamina.RetryingCaller(attempts=60, timeout=None, wait_max=4, wait_jitter=1)
    raised(lambda: caller(ConnectionError, Failing(ConnectionError)))

    assert set(clock.waits[9:]) == {4}
    assert_spread_at_cap()


def test_advice(clock: ManualClock) -> None:
    caller = stamina.RetryingCaller(attempts=2, timeout=None)
    raised(lambda: caller(lambda error: 7_200.0, Failing(ConnectionError)))
    assert clock.waits == [7_200]

    clock.waits.clear()
    policy = retold.Policy(on=ConnectionError, hint=lambda error: 7_200, clock=clock)
    assert policy.run(Failing(ConnectionError)).outcome is retold.Outcome.HINT_REFUSED
    policy.replace(hint=lambda error: 7, backoff=1).call(Failing(ConnectionError, "page"))
    assert clock.waits == [8]


def test_interrupt(clock: ManualClock) -> None:
    # Its types say `Exception`, and its code does not.
    on: Any = BaseException

    assert stamina.RetryingCaller()(on, interrupted_once()) == "page"
    policy = retold.Policy(on=BaseException, clock=clock)
    assert isinstance(raised(lambda: policy.call(interrupted_once())), KeyboardInterrupt)


def test_generator(clock: ManualClock) -> None:
    errors: list[Exception] = []

    def pages() -> Iterator[int]:
        yield 1
        if errors:
            raise errors.pop()
        yield 2

    errors[:] = [ConnectionError()]
    assert list(stamina.retry(on=ConnectionError)(pages)()) == [1, 1, 2]
    policy = retold.Policy(on=ConnectionError, clock=clock)
    assert isinstance(raised(lambda: policy(pages)), TypeError)
    errors[:] = [ConnectionError()]
    assert list(policy.replace(generator="restart")(pages)()) == [1, 1, 2]
    errors[:] = [ConnectionError()]
    assert isinstance(raised(lambda: list(policy.replace(generator="open")(pages)())), ConnectionError)


def test_every_difference_that_is_told_is_shown() -> None:
    assert_all_shown("stamina", globals())

"""What Retold does otherwise than nopanic, on purpose, shown one by one: the rows of `docs/peers/nopanic.toml`."""

from collections.abc import Iterator
from functools import partial

import nopanic
import pytest

import retold
from retold.testing import ManualClock
from tests.differential.peers import Nopanic
from tests.differential.showing import assert_all_shown, raised
from tests.forms import Failing


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Time for both."""
    clock = ManualClock()
    Nopanic().prepare(monkeypatch, clock)
    return clock


class Failure(ConnectionError):
    """A failure that says how many seconds to wait."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("busy")
        self.retry_after = retry_after


def test_any_error(clock: ManualClock) -> None:
    assert nopanic.retry(clock=clock.now).call(Failing(ZeroDivisionError, "page")) == "page"
    assert isinstance(raised(lambda: retold.Policy()), retold.PolicyError)


def test_rejected(clock: ManualClock) -> None:
    assert nopanic.retry(on_result=lambda result: result is None, clock=clock.now).call(lambda: None) is None

    policy = retold.Policy(on_result=lambda result: result is None, clock=clock)
    assert isinstance(raised(lambda: policy.call(lambda: None)), retold.RejectedResult)
    served = retold.Policy(
        on_result=lambda result: result == "", clock=clock, fallback=lambda error: getattr(error, "result", error)
    )
    assert served.call(lambda: "") == ""


def test_at_the_deadline(clock: ManualClock) -> None:
    work = Failing(ConnectionError)
    raised(lambda: nopanic.retry(backoff=2, max_time=4, clock=clock.now).call(work))
    assert work.runs == 3

    assert (
        retold.Policy(on=ConnectionError, backoff=2, timeout=4, clock=clock).run(Failing(ConnectionError)).attempts == 2
    )


def test_advice(clock: ManualClock) -> None:
    nopanic.retry(backoff=1, clock=clock.now).call(Failing(Failure(10), "page"))
    assert clock.waits == [pytest.approx(10.55)]

    clock.waits.clear()
    policy = retold.Policy(on=ConnectionError, backoff=1, clock=clock)
    policy.call(Failing(Failure(10), "page"))
    policy.replace(hint=lambda error: error.retry_after).call(Failing(Failure(10), "page"))
    assert clock.waits == [1, 11]


def test_too_long(clock: ManualClock) -> None:
    nopanic.retry(backoff=1, clock=clock.now).call(Failing(Failure(3_600), "page"))
    assert clock.waits == [60]

    policy = retold.Policy(on=ConnectionError, backoff=1, hint=lambda error: error.retry_after, clock=clock)
    assert policy.run(Failing(Failure(3_600), "page")).outcome is retold.Outcome.HINT_REFUSED
    assert policy.replace(over_cap="cap").call(Failing(Failure(3_600), "page")) == "page"
    assert clock.waits == [60, 61]


def test_list_ends(clock: ManualClock) -> None:
    work = Failing(ConnectionError)
    raised(lambda: nopanic.retry(attempts=5, backoff=[1.0, 2.0], clock=clock.now).call(work))
    assert (work.runs, clock.waits) == (3, [1, 2])

    clock.waits.clear()
    report = retold.Policy(on=ConnectionError, attempts=5, backoff=[1, 2], clock=clock).run(Failing(ConnectionError))
    assert (report.attempts, clock.waits) == (5, [1, 2, 2, 2])


def test_budget(clock: ManualClock) -> None:
    theirs = nopanic.RetryBudget(ratio=0, min_retries_per_sec=1, window=10, clock=clock.now)
    ours = retold.Budget("shop", ratio=0, min_per_second=1, capacity=10)
    policy = retold.Policy(on=ConnectionError, attempts=20, backoff=0, budget=ours, clock=clock)

    retrying = nopanic.retry(attempts=20, backoff=0, budget=theirs, clock=clock.now)

    runs, left = [], []
    for seconds in (0, 5, 6):
        clock.advance(seconds)
        work = Failing(ConnectionError)
        raised(partial(retrying.call, work))
        runs.append((work.runs, policy.run(Failing(ConnectionError)).attempts))
        left.append((theirs.available, ours.available))

    assert runs == [(11, 11), (1, 6), (11, 7)]
    assert left == [(0, 0), (0, 0), (0, 0)]


def test_generator(clock: ManualClock) -> None:
    down = Failing(ConnectionError, "page")

    def pages() -> Iterator[str]:
        yield down()

    assert list(nopanic.retry(clock=clock.now)(pages)()) == ["page"]
    down.runs = 0
    policy = retold.Policy(on=ConnectionError, clock=clock)
    assert isinstance(raised(lambda: policy(pages)), TypeError)
    assert list(policy.replace(generator="open")(pages)()) == ["page"]


def test_every_difference_that_is_told_is_shown() -> None:
    assert_all_shown("nopanic", globals())

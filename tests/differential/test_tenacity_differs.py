"""What Retold does otherwise than tenacity, on purpose, shown one by one: the rows of `docs/peers/tenacity.toml`."""

import random
from types import SimpleNamespace

import pytest
import tenacity

import retold
from retold.testing import ManualClock, MemoryExporter
from tests.differential.peers import Tenacity
from tests.differential.showing import assert_all_shown, assert_spread_at_cap, interrupted_once, raised
from tests.forms import Failing


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Time for both."""
    clock = ManualClock()
    Tenacity().prepare(monkeypatch, clock)
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=clock.sleep))
    return clock


def test_give_up(clock: ManualClock) -> None:
    error = ConnectionError("down")
    work = Failing(error)

    theirs = raised(lambda: tenacity.Retrying(stop=tenacity.stop_after_attempt(2))(work))
    ours = raised(lambda: retold.Policy(on=ConnectionError, clock=clock).call(work))

    assert isinstance(theirs, tenacity.RetryError)
    assert ours is error
    assert error.__notes__[0].startswith("retold: ")


def test_rejected(clock: ManualClock) -> None:
    stop, unready = tenacity.stop_after_attempt(2), tenacity.retry_if_result(lambda result: result is None)

    theirs = raised(lambda: tenacity.Retrying(stop=stop, retry=unready, reraise=True)(lambda: None))
    ours = raised(lambda: retold.Policy(on_result=lambda result: result is None, clock=clock).call(lambda: None))

    assert isinstance(theirs, tenacity.RetryError)
    assert isinstance(ours, retold.RejectedResult)
    assert ours.result is None


def test_no_limit(clock: ManualClock) -> None:
    many = [ConnectionError] * 1_000

    assert tenacity.Retrying()(Failing(*many, "page")) == "page"
    assert retold.Policy(on=ConnectionError, clock=clock).run(Failing(*many, "page")).attempts == 3
    assert "needs a timeout" in str(raised(lambda: retold.Policy(on=ConnectionError, attempts=None)))


def test_any_error() -> None:
    assert tenacity.Retrying()(Failing(ZeroDivisionError, "page")) == "page"
    assert isinstance(raised(lambda: retold.Policy()), retold.PolicyError)


def test_no_wait(clock: ManualClock) -> None:
    tenacity.Retrying()(Failing(ConnectionError, "page"))
    assert clock.waits == [0]

    retold.Policy(on=ConnectionError, clock=clock, rng=random.Random(8)).call(Failing(ConnectionError, "page"))
    assert 0 < clock.waits[-1] <= 0.1


def test_looks_back(clock: ManualClock) -> None:
    work = Failing(ConnectionError)
    stop = tenacity.stop_after_delay(5)
    raised(lambda: tenacity.Retrying(stop=stop, wait=tenacity.wait_fixed(3))(work))
    assert (work.runs, clock.waits) == (3, [3, 3])

    clock.waits.clear()
    report = retold.Policy(on=ConnectionError, timeout=5, backoff=3, clock=clock).run(Failing(ConnectionError))
    assert (report.attempts, clock.waits) == (2, [3])
    assert report.outcome is retold.Outcome.DEADLINE_EXCEEDED


def test_interrupt(clock: ManualClock) -> None:
    retry = tenacity.retry_if_exception_type(BaseException)

    assert tenacity.Retrying(retry=retry)(interrupted_once()) == "page"
    policy = retold.Policy(on=BaseException, clock=clock)
    assert isinstance(raised(lambda: policy.call(interrupted_once())), KeyboardInterrupt)


def test_no_multiplier() -> None:
    wait = tenacity.wait_exponential(multiplier=0.0)
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    theirs = []
    for number in (1, 1_024, 1_025, 10_000):
        state.attempt_number = number
        theirs.append(wait(state))
    assert theirs[:2] == [0, 0]
    assert min(theirs[2:]) > 4e17

    ours = [retold.Exponential(0).delay(number, 0, random.Random(8)) for number in (1, 1_024, 1_025, 10_000)]
    assert ours == [0, 0, 0, 0]


def test_jitter_at_cap() -> None:
    wait = tenacity.wait_exponential_jitter(multiplier=1, max=4)
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    state.attempt_number = 9

    assert {wait(state) for _ in range(50)} == {4}
    assert_spread_at_cap()


def test_try_again(clock: ManualClock) -> None:
    error = ConnectionError("down")

    def ask(again: type[Exception]) -> None:
        raise again() from error

    retrying = tenacity.Retrying(stop=tenacity.stop_after_attempt(2), reraise=True)
    assert raised(lambda: retrying(ask, tenacity.TryAgain)) is error
    ours = raised(lambda: retold.Policy(on=ConnectionError, clock=clock).call(ask, retold.RetryAgain))
    assert isinstance(ours, retold.RetryAgain)
    assert ours.__cause__ is error


def test_bad_wait(clock: ManualClock, monkeypatch: pytest.MonkeyPatch, seen: MemoryExporter) -> None:
    monkeypatch.undo()  # it is the real `sleep` that objects

    assert isinstance(
        raised(lambda: tenacity.Retrying(wait=lambda _: -1)(Failing(ConnectionError, "page"))), ValueError
    )
    policy = retold.Policy(on=ConnectionError, backoff=lambda _: -1, clock=clock)
    assert policy.call(Failing(ConnectionError, "page")) == "page"
    assert [event.ignored for event in seen.events if isinstance(event, retold.RetryScheduled)] == ["backoff"]


def test_bad_number() -> None:
    work = Failing(ConnectionError)

    raised(lambda: tenacity.Retrying(stop=tenacity.stop_after_attempt(0))(work))

    assert work.runs == 1
    assert isinstance(raised(lambda: retold.Policy(on=ConnectionError, attempts=0)), retold.PolicyError)


def test_every_difference_that_is_told_is_shown() -> None:
    assert_all_shown("tenacity", globals())

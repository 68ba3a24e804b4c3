"""What `run` and `arun` return."""

import contextlib
import gc
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from retold import Abort, Outcome, Policy, RejectedResult, Report
from retold.testing import ManualClock
from tests.forms import Failing, drive
from tests.runners.test_raised_errors import Aborting, codes, ours_in

Runs: TypeAlias = Callable[[Policy[Any], Callable[[], Any]], Report[Any]]


def run(policy: Policy[Any], work: Callable[[], Any]) -> Report[Any]:
    return policy.run(work)


def arun(policy: Policy[Any], work: Callable[[], Any]) -> Report[Any]:
    async def awaited() -> Any:
        return work()

    waiting: Callable[[], Awaitable[Any]] = awaited
    return drive(policy.arun(waiting))


@pytest.fixture(params=[run, arun])
def runs(request: pytest.FixtureRequest) -> Runs:
    """Both in turn."""
    made: Runs = request.param
    return made


def test_a_success_is_reported_with_its_value(runs: Runs, clock: ManualClock) -> None:
    report = runs(Policy(on=OSError, backoff=[1, 2], clock=clock), Failing(OSError, OSError, "value"))

    assert report == Report("value", None, Outcome.SUCCESS, attempts=3, delays=(1.0, 2.0), elapsed=3.0)


def test_a_failure_is_reported_with_its_error(runs: Runs, clock: ManualClock) -> None:
    error = OSError()

    report = runs(Policy(on=OSError, backoff=1, attempts=2, clock=clock), Failing(error))

    assert report == Report(None, error, Outcome.ATTEMPTS_EXHAUSTED, attempts=2, delays=(1.0,), elapsed=1.0)


def test_a_refused_hint_is_reported(runs: Runs, clock: ManualClock) -> None:
    error = OSError()

    report = runs(Policy(on=OSError, hint=lambda _: 3600, clock=clock), Failing(error))

    assert report == Report(None, error, Outcome.HINT_REFUSED, attempts=1, delays=(), elapsed=0.0, hint=3600.0)


def test_a_first_attempt_that_is_not_retryable_waited_for_nothing(runs: Runs, clock: ManualClock) -> None:
    report = runs(Policy(on=OSError, clock=clock), Failing(ValueError))

    assert (report.outcome, report.attempts, report.delays) == (Outcome.NOT_RETRYABLE, 1, ())


def test_a_zero_wait_is_a_wait(runs: Runs, clock: ManualClock) -> None:
    assert runs(Policy(on=OSError, backoff=0, clock=clock), Failing(OSError)).delays == (0.0, 0.0)


def test_a_fallback_is_reported_as_the_value_of_a_failed_call(runs: Runs, clock: ManualClock) -> None:
    report = runs(Policy(on=OSError, fallback=lambda error: "instead", clock=clock), Failing(OSError))

    assert (report.value, report.error, report.outcome) == ("instead", None, Outcome.ATTEMPTS_EXHAUSTED)


def test_a_rejected_result_is_an_error(runs: Runs, clock: ManualClock) -> None:
    report = runs(Policy(on_result=bool, clock=clock), Failing("bad"))

    assert report.value is None
    assert isinstance(report.error, RejectedResult)


def test_what_an_abort_carried_is_the_error(runs: Runs, clock: ManualClock) -> None:
    error = KeyError()

    report = runs(Policy(on=OSError, clock=clock), Failing(Abort(error)))

    assert (report.error, report.outcome) == (error, Outcome.ABORTED)


def test_a_bug_in_the_policy_is_the_error(runs: Runs, clock: ManualClock) -> None:
    report = runs(Policy(on=lambda error: 1 / 0, clock=clock), Failing(OSError))

    assert isinstance(report.error, ZeroDivisionError)
    assert report.outcome is Outcome.NOT_RETRYABLE


def test_an_interrupt_passes_through(runs: Runs, clock: ManualClock) -> None:
    with pytest.raises(KeyboardInterrupt):
        runs(Policy(on=OSError, clock=clock), Failing(KeyboardInterrupt))


def test_unwrap_returns_the_value_also_of_a_fallback(runs: Runs, clock: ManualClock) -> None:
    assert runs(Policy(on=OSError, clock=clock), Failing("value")).unwrap() == "value"
    assert runs(Policy(on=OSError, clock=clock, fallback=None), Failing(OSError)).unwrap() is None


def test_unwrap_raises_the_error_as_it_is_again_and_again(runs: Runs, clock: ManualClock) -> None:
    error = OSError()
    report = runs(Policy(on=OSError, backoff=1, attempts=2, clock=clock), Failing(error))

    for _ in range(2):
        with pytest.raises(OSError) as raised:
            unwrap_while_handling(report)
        assert raised.value is error
        assert (error.__context__, error.__cause__, error.__suppress_context__) == (None, None, False)
        assert len(error.__notes__) == 1


def unwrap_while_handling(report: Report[Any]) -> None:
    try:
        raise ValueError
    except ValueError:
        report.unwrap()


@pytest.mark.parametrize("turn", [OSError, KeyError, "bad", Aborting])
def test_unwrap_raises_it_through_one_frame_of_ours(turn: object, runs: Runs, clock: ManualClock) -> None:
    policy = Policy(on=OSError, on_result=lambda result: result == "bad", attempts=2, clock=clock)

    with pytest.raises((OSError, LookupError, RejectedResult)) as raised:
        runs(policy, Failing("bad", turn)).unwrap()

    assert ours_in(raised.value) == [Report.unwrap.__code__]
    if turn in (OSError, KeyError):
        assert Failing.__call__.__code__ in codes(raised.value.__traceback__)


def test_unwrap_leaves_no_cycle_behind(runs: Runs, clock: ManualClock) -> None:
    class Error(OSError):
        """Can be referred to weakly."""

    def fail() -> None:
        error = Error()
        kept.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    def unwrapped() -> None:
        report = runs(Policy(on=OSError, attempts=1, clock=clock), fail)
        with contextlib.suppress(Error):
            report.unwrap()
        del report  # this frame is in the error's traceback

    kept: list[weakref.ref[Error]] = []
    gc.disable()
    try:
        unwrapped()
        assert [error() for error in kept] == [None]
    finally:
        gc.enable()

"""Every way a call can end, in every form."""

from typing import Any

import pytest

from retold import Abort, AttemptOutcome, Outcome, Policy, RejectedResult, RetryAgain
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form


def outcomes(seen: MemoryExporter) -> list[str]:
    return [attempt.outcome for attempt in seen.attempts]


def test_a_success_at_once_runs_once(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    work = Failing("value")

    assert form.perform(Policy(on=OSError, clock=clock), work) == "value"

    assert work.runs == 1
    assert clock.waits == []
    assert seen.last.outcome is Outcome.SUCCESS
    assert not seen.last.retried


def test_a_call_recovers_when_an_attempt_succeeds(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    work = Failing(OSError, OSError, "value")

    assert form.perform(Policy(on=OSError, attempts=5, backoff=1, clock=clock), work) == "value"

    assert clock.waits == [1.0, 1.0]
    assert outcomes(seen) == ["error", "error", "success"]
    assert (seen.last.outcome, seen.last.attempts, seen.last.delay_total) == (Outcome.SUCCESS, 3, 2.0)
    assert seen.last.error_type is None
    assert seen.last.retried


@pytest.mark.parametrize("attempts", [1, 2, 3, 7])
def test_the_function_runs_at_most_so_many_times(
    attempts: int, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    work = Failing(OSError)

    with pytest.raises(OSError, match=f"run {attempts}"):
        form.perform(Policy(on=OSError, attempts=attempts, clock=clock), work)

    assert work.runs == attempts
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.ATTEMPTS_EXHAUSTED, attempts)
    assert seen.last.error_type == "OSError"


def test_an_error_that_is_not_retryable_ends_the_call_at_once(
    form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    work = Failing(ValueError)

    with pytest.raises(ValueError, match="run 1"):
        form.perform(Policy(on=OSError, clock=clock), work)

    assert work.runs == 1
    assert seen.last.outcome is Outcome.NOT_RETRYABLE


def test_gives_up_at_once_when_the_next_wait_does_not_fit(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, attempts=None, timeout=10, backoff=[1, 2, 4, 8], clock=clock)

    with pytest.raises(OSError, match="run 4"):
        form.perform(policy, Failing(OSError))

    assert clock.waits == [1.0, 2.0, 4.0]
    assert clock.now() == 7
    assert seen.last.outcome is Outcome.DEADLINE_EXCEEDED


def test_a_first_attempt_that_outlasts_the_timeout_is_the_only_one(
    form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    def slow() -> None:
        clock.advance(10)
        raise OSError

    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, timeout=10, backoff=0, clock=clock), slow)

    assert (seen.last.outcome, seen.last.attempts) == (Outcome.DEADLINE_EXCEEDED, 1)


def test_the_timeout_never_interrupts_a_running_attempt(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    def slow() -> str:
        clock.advance(100)
        return "value"

    assert form.perform(Policy(on=OSError, timeout=1, clock=clock), slow) == "value"

    assert seen.last.outcome is Outcome.SUCCESS


def test_a_refused_hint_ends_the_call(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, hint=lambda error: 61, clock=clock), Failing(OSError))

    assert (seen.last.outcome, seen.last.attempts, seen.last.hint) == (Outcome.HINT_REFUSED, 1, 61)


def test_a_refused_hint_about_a_rejected_result_is_recorded(
    form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    with pytest.raises(RejectedResult) as caught:
        form.perform(Policy(on_result=bool, hint=lambda result: result, clock=clock), Failing(61))

    assert seen.last.hint == 61
    assert caught.value.__notes__[0].endswith(": the server asked for 61 s, hint_cap is 60 s")


def test_a_hint_that_was_followed_is_none_of_the_end_that_comes_later(
    form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    advice = iter([5, None])

    with pytest.raises(OSError) as caught:
        form.perform(Policy(on=OSError, attempts=2, hint=lambda _: next(advice), clock=clock), Failing(OSError))

    assert ([retry.hint for retry in seen.retries], seen.last.hint) == ([5], None)
    assert "asked" not in caught.value.__notes__[0]


def test_a_followed_hint_is_a_floor_for_the_wait(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, hint=lambda error: 5, backoff=2, clock=clock)

    form.perform(policy, Failing(OSError, "value"))

    assert clock.waits == [7.0]
    assert (seen.retries[0].source, seen.retries[0].hint, seen.retries[0].delay) == ("hint", 5.0, 7.0)


@pytest.mark.parametrize("answer", [-1, float("nan"), float("inf"), None, "soon", True])
def test_an_unusable_answer_never_stops_a_call(
    answer: Any, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    policy = Policy(on=OSError, hint=lambda error: answer, backoff=lambda failed_attempt: answer, clock=clock)

    assert form.perform(policy, Failing(OSError, "value")) == "value"

    assert 0 <= clock.waits[0] <= 0.1
    assert seen.retries[0].ignored == ("backoff" if answer is None else "hint, backoff")


def test_a_rejected_result_is_retried(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    work = Failing("pending", "pending", "ready")

    assert form.perform(Policy(on_result=lambda result: result == "pending", clock=clock), work) == "ready"

    assert outcomes(seen) == ["rejected", "rejected", "success"]
    assert {attempt.error_type for attempt in seen.attempts[:2]} == {"retold.RejectedResult"}
    assert {attempt.error for attempt in seen.attempts} == {None}


def test_the_last_rejected_result_is_on_the_error_and_not_in_its_text(
    form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    with pytest.raises(RejectedResult) as caught:
        form.perform(Policy(on_result=bool, attempts=2, clock=clock), Failing("first secret", "last secret"))

    assert caught.value.result == "last secret"
    assert "secret" not in f"{caught.value} {caught.value!r}"
    assert caught.value.__context__ is None
    assert (seen.last.outcome, seen.last.error_type) == (Outcome.ATTEMPTS_EXHAUSTED, "retold.RejectedResult")


def test_abort_ends_the_call_with_itself(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    stop = Abort()

    with pytest.raises(Abort) as caught:
        form.perform(Policy(on=Exception, clock=clock), Failing(OSError, stop))

    assert caught.value is stop
    assert (seen.last.outcome, seen.last.attempts, seen.last.error_type) == (Outcome.ABORTED, 2, "retold.Abort")


def test_abort_with_an_error_ends_the_call_with_that(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    error = KeyError("gone")

    with pytest.raises(KeyError) as caught:
        form.perform(Policy(on=Exception, clock=clock), Failing(Abort(error)))

    assert caught.value is error
    assert (error.__cause__, error.__context__, error.__suppress_context__) == (None, None, False)
    assert (seen.last.outcome, seen.last.error_type) == (Outcome.ABORTED, "KeyError")
    assert seen.attempts[0].error is error


def test_abort_leaves_the_context_of_its_error_untouched(form: Form, clock: ManualClock) -> None:
    origin = LookupError("first")

    def work() -> None:
        try:
            try:
                raise origin
            except LookupError:
                raise ValueError("second")  # noqa: B904 - the implicit context is what this is about
        except ValueError as error:
            raise Abort(error) from None

    def handle() -> None:
        try:
            raise OSError("what the caller is handling")
        except OSError:
            form.perform(Policy(on=Exception, clock=clock), work)

    with pytest.raises(ValueError, match="second") as caught:
        handle()

    assert caught.value.__context__ is origin
    assert caught.value.__cause__ is None
    assert not caught.value.__suppress_context__


def test_retry_again_is_retried_whatever_on_says(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    cause = ValueError()

    def work() -> None:
        raise RetryAgain from cause

    with pytest.raises(RetryAgain) as caught:
        form.perform(Policy(on=OSError, attempts=2, clock=clock), work)

    assert caught.value.__cause__ is cause
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.ATTEMPTS_EXHAUSTED, 2)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("on", [BaseException, lambda error: not isinstance(error, ValueError)])
def test_what_is_no_exception_is_never_retried(
    kind: type[BaseException], on: Any, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    work = Failing(kind)

    with pytest.raises(kind):
        form.perform(Policy(on=on, clock=clock), work)

    assert work.runs == 1
    assert outcomes(seen) == [AttemptOutcome.CANCELLED]
    assert (seen.last.outcome, seen.last.error_type) == (Outcome.CANCELLED, None)


def test_a_group_of_base_exceptions_is_never_retried(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    group = BaseExceptionGroup("stop", [GeneratorExit(), OSError()])

    with pytest.raises(BaseExceptionGroup):
        form.perform(Policy(on=BaseException, clock=clock), Failing(group))

    assert (seen.last.outcome, seen.last.attempts) == (Outcome.CANCELLED, 1)


def test_a_predicate_that_walks_a_chain_of_causes_that_goes_round_terminates(form: Form, clock: ManualClock) -> None:
    first, second = OSError("first"), OSError("second")
    first.__cause__, second.__cause__ = second, first

    with pytest.raises(OSError, match="first"):
        form.perform(Policy(on=OSError, clock=clock), Failing(first))

    assert first.__cause__ is second
    assert second.__cause__ is first

"""What tests are shown of the calls they made."""

import pytest

from retold import (
    AttemptEnded,
    AttemptOutcome,
    AttemptStarted,
    CallEnded,
    CallStarted,
    DelaySource,
    Outcome,
    Policy,
    RetryScheduled,
)
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form


def policy(clock: ManualClock) -> Policy[None]:
    return Policy(on=OSError, backoff=2, operation="shop.fetch", clock=clock, timeout=60)


def test_every_event_is_kept_in_order(seen: MemoryExporter, form: Form, clock: ManualClock) -> None:
    error = OSError()

    form.perform(policy(clock), Failing(error, "page"))

    assert [type(event) for event in seen.events] == [
        CallStarted,
        AttemptStarted,
        AttemptEnded,
        RetryScheduled,
        AttemptStarted,
        AttemptEnded,
        CallEnded,
    ]
    assert [event.time for event in seen.events] == sorted(event.time for event in seen.events)
    failed, succeeded = seen.attempts
    assert (failed.outcome, failed.error, failed.error_type) == (AttemptOutcome.ERROR, error, "OSError")
    assert (succeeded.outcome, succeeded.number, succeeded.error) == (AttemptOutcome.SUCCESS, 2, None)
    [retry] = seen.retries
    assert (retry.number, retry.delay, retry.source, retry.hint) == (1, 2.0, DelaySource.BACKOFF, None)
    [call] = seen.calls
    assert call is seen.last
    assert (call.outcome, call.attempts, call.delay_total, call.duration) == (Outcome.SUCCESS, 2, 2.0, 2.0)
    assert (call.retried, call.fallback, call.error_type) == (True, False, None)


def test_a_call_that_succeeds_at_once_is_kept_too(seen: MemoryExporter, form: Form, clock: ManualClock) -> None:
    form.perform(policy(clock), Failing("page"))

    assert [type(event) for event in seen.events] == [CallStarted, AttemptStarted, AttemptEnded, CallEnded]
    assert seen.last.retried is False


def test_the_limits_of_the_policy_are_in_the_start(seen: MemoryExporter, form: Form, clock: ManualClock) -> None:
    form.perform(policy(clock), Failing("page"))

    [start] = [event for event in seen.events if isinstance(event, CallStarted)]
    assert (start.operation, start.max_attempts, start.timeout) == ("shop.fetch", 3, 60.0)


def test_the_last_call_is_the_one_that_ended_last(seen: MemoryExporter, clock: ManualClock) -> None:
    seen_in_between = []

    for work in (Failing("page"), Failing(ValueError)):
        policy(clock).run(work)
        seen_in_between.append(seen.last.outcome)

    assert seen_in_between == [Outcome.SUCCESS, Outcome.NOT_RETRYABLE]


def test_a_call_that_has_not_ended_is_not_the_last_one(seen: MemoryExporter, clock: ManualClock) -> None:
    inside: list[CallEnded] = []
    policy(clock).run(Failing(ValueError))

    policy(clock).call(lambda: inside.append(seen.last))

    assert [call.outcome for call in inside] == [Outcome.NOT_RETRYABLE]


def test_without_a_call_there_is_no_last_one(seen: MemoryExporter, clock: ManualClock) -> None:
    policy(clock).run(Failing("page"))
    seen.clear()

    with pytest.raises(LookupError, match="no call has ended"):
        _ = seen.last
    assert seen.events == seen.calls == []

"""What tests are shown of the calls they made."""

import re
from typing import Any

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


def policy(clock: ManualClock, **options: Any) -> Policy[Any]:
    return Policy(on=OSError, backoff=2, operation="shop.fetch", clock=clock, timeout=60, **options)


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


def perform(clock: ManualClock) -> None:
    """A call that recovers, one that gives up, and one of another operation."""
    policy(clock).replace(backoff=[0.5, 2]).run(Failing(OSError, OSError, "page"))
    policy(clock).replace(attempts=2).run(Failing(OSError))
    policy(clock).replace(operation="shop.buy").run(Failing("receipt"))


def test_it_shows_one_operation_alone(seen: MemoryExporter, clock: ManualClock) -> None:
    perform(clock)

    fetched = seen.of("shop.fetch")

    assert fetched.delays == [0.5, 2, 2]
    assert [call.outcome for call in fetched.calls] == ["success", "attempts_exhausted"]
    assert len(fetched.attempts) == 5
    fetched.assert_calls(count=2)
    assert seen.of("shop.sell").events == []


def test_calls_are_asserted_by_what_matters(seen: MemoryExporter, clock: ManualClock) -> None:
    perform(clock)
    policy(clock, fallback=None).run(Failing(OSError))

    assert seen.assert_calls("shop.buy") == [seen.calls[2]]
    assert seen.assert_calls("shop.fetch", "success", attempts=3, delays=(0.5, 2.0)) == [seen.calls[0]]
    seen.assert_calls("shop.fetch", Outcome.ATTEMPTS_EXHAUSTED, error_type="OSError", count=2)
    seen.assert_calls("shop.fetch", fallback=True, attempts=3)
    seen.assert_calls(fallback=False, count=3)
    seen.assert_calls("shop.fetch", delays=[0.5], count=0)
    seen.assert_calls("shop.sell", count=0)
    seen.assert_calls(count=4)


def failure(seen: MemoryExporter, *arguments: str, **options: Any) -> list[str]:
    with pytest.raises(AssertionError) as raised:
        seen.assert_calls(*arguments, **options)
    return str(raised.value).splitlines()


def test_what_there_was_is_listed(seen: MemoryExporter, clock: ManualClock) -> None:
    perform(clock)
    policy(clock, fallback=None, attempts=1).run(Failing(OSError))

    assert failure(seen, "shop.fetch", "success", attempts=4, delays=[1, 1 / 3]) == [
        "expected 1 call of shop.fetch: success, 4 attempts, delays [1.0, 0.3333]",
        "there were 3 calls, > marks what was expected:",
        "    shop.fetch: success, 3 attempts, delays [0.5, 2.0]",
        "    shop.fetch: attempts_exhausted, 2 attempts, delays [2.0], OSError",
        "    shop.fetch: attempts_exhausted, 1 attempt, OSError, fallback served",
    ]
    assert failure(seen, "shop.fetch", error_type="OSError", fallback=False, count=2) == [
        "expected 2 calls of shop.fetch: OSError, fallback not served",
        "there were 3 calls, > marks what was expected:",
        "    shop.fetch: success, 3 attempts, delays [0.5, 2.0]",
        "  > shop.fetch: attempts_exhausted, 2 attempts, delays [2.0], OSError",
        "    shop.fetch: attempts_exhausted, 1 attempt, OSError, fallback served",
    ]
    assert failure(seen, "shop.buy", count=0) == [
        "expected 0 calls of shop.buy",
        "there was 1 call, > marks what was expected:",
        "  > shop.buy: success, 1 attempt",
    ]


def test_what_a_server_asked_for_in_vain_is_listed(seen: MemoryExporter, clock: ManualClock) -> None:
    policy(clock, hint=lambda _: 3600).run(Failing(OSError))

    assert failure(seen, "shop.fetch", "success")[-1] == (
        "    shop.fetch: hint_refused, 1 attempt, asked for 3600 s, OSError"
    )


def test_other_operations_are_named_where_there_was_none_of_this_one(seen: MemoryExporter, clock: ManualClock) -> None:
    perform(clock)

    assert failure(seen, "shop.sell", fallback=True) == [
        "expected 1 call of shop.sell: fallback served",
        "there was none of shop.sell, but 2 calls of shop.fetch, 1 call of shop.buy",
    ]


def test_calls_that_have_not_ended_are_counted(seen: MemoryExporter, clock: ManualClock) -> None:
    inside: list[list[str]] = []

    policy(clock).call(lambda: inside.append(failure(seen)))

    assert inside == [["expected 1 call", "no call has ended", "1 call has begun and not ended"]]


def test_many_calls_are_not_all_listed(seen: MemoryExporter, clock: ManualClock) -> None:
    for _ in range(25):
        policy(clock).run(Failing("page"))

    lines = failure(seen, attempts=2)

    assert (len(lines), lines[-1]) == (2 + 20 + 1, "    and 5 more")


def test_an_outcome_that_does_not_exist_is_a_mistake_of_the_test(seen: MemoryExporter) -> None:
    with pytest.raises(ValueError, match=re.escape("'exhausted' is not a valid Outcome")):
        seen.assert_calls(outcome="exhausted")

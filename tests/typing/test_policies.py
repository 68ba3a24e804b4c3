"""The types of policies, of their calls and of what they report."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Never, assert_type

import pytest

import retold
from retold import Attempt, CallEnded, CurrentAttempt, Policy, PolicyError, Report, RetryScheduled
from retold.testing import ManualClock
from tests.forms import drive

plain = Policy(on=OSError, clock=ManualClock())
or_none = Policy(on=OSError, fallback=None, clock=ManualClock())
or_size = Policy(on=OSError, fallback=lambda error: len(str(error)), clock=ManualClock())


def read(path: str, *, size: int = 1) -> str:
    return path * size


async def aread(path: str, *, size: int = 1) -> str:
    return path * size


async def number_of(error: Exception) -> int:
    return len(str(error))


def test_a_policy_is_generic_in_what_its_fallback_gives() -> None:
    assert_type(plain, Policy[Never])
    assert_type(or_none, Policy[None])
    assert_type(or_size, Policy[int])
    assert_type(Policy(on=OSError, fallback=number_of), Policy[int])
    assert_type(retold.retry(on=OSError), Policy[Never])

    assert plain != or_none


def test_replace_keeps_the_type() -> None:
    assert_type(plain.replace(attempts=2), Policy[Never])
    assert_type(or_size.replace(backoff=[1, 2]), Policy[int])

    with pytest.raises(PolicyError):
        plain.replace(attempts="2")  # type: ignore[arg-type]  # ty: ignore[invalid-argument-type]


def test_a_policy_never_changes() -> None:
    with pytest.raises(AttributeError):
        plain.attempts = 2  # type: ignore[attr-defined]  # ty: ignore[missing-attribute]


def test_a_policy_without_a_fallback_serves_wherever_one_with_a_fallback_does() -> None:
    def attempts(policy: Policy[str | None]) -> str:
        return repr(policy)

    assert attempts(plain).startswith("Policy(on=OSError")


def test_call_and_acall_return_what_the_function_or_the_fallback_does() -> None:
    assert assert_type(plain.call(read, "a", size=2), str) == "aa"
    assert assert_type(drive(plain.acall(aread, "a", size=2)), str) == "aa"
    assert assert_type(or_none.call(read, "a"), str | None) == "a"
    assert assert_type(drive(or_none.acall(aread, "a")), str | None) == "a"
    assert assert_type(or_size.call(read, "a"), str | int) == "a"
    assert assert_type(drive(or_size.acall(aread, "a")), str | int) == "a"


def test_arguments_that_do_not_fit_are_seen() -> None:
    with pytest.raises(TypeError):
        plain.call(read, size=2)  # type: ignore[call-arg]  # ty: ignore[missing-argument]
    with pytest.raises(TypeError):
        plain.call(read, "a", length=2)  # type: ignore[call-arg]  # ty: ignore[unknown-argument]


def test_run_and_arun_report_what_the_function_or_the_fallback_returns() -> None:
    report = assert_type(plain.run(read, "a"), Report[str])
    assert_type(drive(plain.arun(aread, "a")), Report[str])
    assert_type(or_none.run(read, "a"), Report[str | None])
    assert_type(drive(or_size.arun(aread, "a")), Report[str | int])

    assert assert_type(report.value, str | None) == "a"
    assert assert_type(report.error, Exception | None) is None
    assert assert_type(report.delays, tuple[float, ...]) == ()


def test_both_loops_offer_attempts() -> None:
    policy = plain.replace(operation="loops")

    assert_type(iter(policy), Iterator[Attempt])
    assert_type(aiter(policy), AsyncIterator[Attempt])

    for attempt in policy:
        with attempt as entered:
            assert_type(entered, Attempt)
            assert assert_type(entered.number, int) == 1
            assert assert_type(entered.remaining, int | None) == 2


def test_stops_and_hooks_are_what_they_are_handed() -> None:
    def give_up(event: CallEnded) -> None: ...
    def retried(event: RetryScheduled) -> str:
        return event.operation

    for stop in (threading.Event(), asyncio.Event(), lambda: False):
        assert_type(Policy(on=OSError, attempts=None, stop=stop, on_give_up=give_up, on_retry=retried), Policy[Never])

    with pytest.raises(PolicyError):
        Policy(on=OSError, stop=5)  # type: ignore[call-overload]  # ty: ignore[invalid-argument-type]
    with pytest.raises(PolicyError):
        Policy(on=OSError, budget="shop")  # type: ignore[call-overload]  # ty: ignore[invalid-argument-type]
    Policy(on=OSError, on_retry=give_up)  # type: ignore[arg-type]  # ty: ignore[invalid-argument-type]


def test_the_current_attempt_may_be_none() -> None:
    found = assert_type(retold.current_attempt(), CurrentAttempt | None)

    assert found is None


def test_options_are_checked() -> None:
    with pytest.raises(PolicyError):
        Policy(on="OSError")  # type: ignore[call-overload]  # ty: ignore[invalid-argument-type]
    with pytest.raises(PolicyError):
        Policy(on=OSError, over_cap="never")  # type: ignore[call-overload]  # ty: ignore[invalid-argument-type]
    with pytest.raises(TypeError):
        Policy(OSError)  # type: ignore[call-overload]  # ty: ignore[no-matching-overload]


def test_what_is_loaded_later_has_its_types() -> None:
    condition = retold.on.any_of(
        OSError, (KeyError, IndexError), lambda error: not error.args, retold.on.cause(OSError)
    )
    policy = Policy(on=condition, backoff=retold.Decorrelated(0.5), hint=retold.hints.retry_after)

    assert_type(policy, Policy[Never])
    assert assert_type(condition(KeyError()), bool)
    assert assert_type(retold.hints.retry_after(KeyError()), float | None) is None
    assert assert_type(retold.hints.from_headers({"Retry-After": "5"}), float | None) == 5
    assert assert_type(retold.Linear(1, cap=5).cap, float) == 5
    with pytest.raises(PolicyError):
        retold.on.not_("OSError")  # type: ignore[arg-type]  # ty: ignore[invalid-argument-type]

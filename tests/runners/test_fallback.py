"""What is returned in place of a give-up."""

from typing import Any

import pytest

from retold import Abort, Outcome, Policy, RejectedResult
from retold.testing import ManualClock, MemoryExporter
from tests.forms import ASYNC_FORMS, FUNCTIONS, Failing, Form

ASYNC_FUNCTIONS = [form for form in ASYNC_FORMS if form in FUNCTIONS]


def test_none_is_served_for_none(function_form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    assert function_form.perform(Policy(on=OSError, fallback=None, clock=clock), Failing(OSError)) is None

    assert (seen.last.outcome, seen.last.fallback) == (Outcome.ATTEMPTS_EXHAUSTED, True)
    assert seen.last.error_type == "OSError"


def test_a_function_is_given_the_final_exception(function_form: Form, clock: ManualClock) -> None:
    errors = [OSError("first"), OSError("last")]
    policy = Policy(on=OSError, attempts=2, fallback=lambda error: error, clock=clock)

    assert function_form.perform(policy, Failing(*errors)) is errors[1]


def test_a_function_is_given_the_rejected_result(function_form: Form, clock: ManualClock) -> None:
    policy = Policy(on_result=bool, fallback=lambda error: error, clock=clock)

    error = function_form.perform(policy, Failing("bad"))

    assert isinstance(error, RejectedResult)
    assert error.result == "bad"


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({}, Outcome.ATTEMPTS_EXHAUSTED),
        ({"timeout": 1, "backoff": 1}, Outcome.DEADLINE_EXCEEDED),
        ({"hint": lambda error: 99}, Outcome.HINT_REFUSED),
    ],
)
def test_it_is_served_for_every_give_up(
    options: dict[str, Any], outcome: Outcome, function_form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    policy = Policy(on=OSError, fallback=lambda error: "instead", clock=clock, **options)

    assert function_form.perform(policy, Failing(OSError)) == "instead"

    assert [(call.outcome, call.fallback) for call in seen.calls] == [(outcome, True)]


@pytest.mark.parametrize("turn", [ValueError(), Abort(ValueError())], ids=["not-retryable", "aborted"])
def test_it_is_not_served_for_what_is_no_give_up(
    turn: Exception, function_form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    with pytest.raises(ValueError):
        function_form.perform(Policy(on=OSError, fallback=None, clock=clock), Failing(turn))

    assert not seen.last.fallback


def test_what_it_raises_has_the_failure_as_context(
    function_form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    failure = OSError()

    def fallback(error: Exception) -> None:
        raise KeyError

    with pytest.raises(KeyError) as caught:
        function_form.perform(Policy(on=OSError, fallback=fallback, clock=clock), Failing(failure))

    assert caught.value.__context__ is failure
    assert [(call.outcome, call.fallback) for call in seen.calls] == [(Outcome.ATTEMPTS_EXHAUSTED, False)]


def test_what_it_raises_has_the_rejected_result_as_context(function_form: Form, clock: ManualClock) -> None:
    def fallback(error: Exception) -> None:
        raise KeyError

    with pytest.raises(KeyError) as caught:
        function_form.perform(Policy(on_result=bool, fallback=fallback, clock=clock), Failing("bad"))

    assert isinstance(caught.value.__context__, RejectedResult)


@pytest.mark.parametrize("async_function_form", ASYNC_FUNCTIONS, ids=str)
@pytest.mark.parametrize("turn", [OSError, "bad"], ids=["raised", "rejected"])
def test_an_async_one_is_awaited(
    turn: object, async_function_form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    async def fallback(error: Exception) -> str:
        return type(error).__name__

    policy = Policy(on=OSError, on_result=lambda result: result == "bad", fallback=fallback, clock=clock)

    assert async_function_form.perform(policy, Failing(turn)) in ("OSError", "RejectedResult")

    assert seen.last.fallback


def test_an_async_one_is_refused_by_what_could_not_await_it(clock: ManualClock) -> None:
    async def fallback(error: Exception) -> str:
        raise AssertionError

    def read() -> str:
        raise AssertionError

    policy = Policy(on=OSError, fallback=fallback, clock=clock)

    for use in (policy, policy.call, policy.run):
        with pytest.raises(TypeError, match=r"the fallback is async and .*read is not, so it could not be awaited"):
            use(read)


def test_a_policy_with_one_cannot_be_iterated(block_form: Form, clock: ManualClock) -> None:
    with pytest.raises(TypeError, match="a policy with a fallback cannot be iterated"):
        block_form.perform(Policy(on=OSError, fallback=None, clock=clock), Failing(OSError))

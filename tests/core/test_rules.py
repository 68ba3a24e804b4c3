"""The options and every decision they imply, without a clock and without a call."""

from random import Random
from typing import Any

import pytest

from retold import Constant, DelaySource, Exponential, Outcome, PolicyError, RetryAgain
from retold.core.rules import Rules, Wait
from retold.testing import ManualClock

RNG = Random(0)


def after(rules: Rules, error: Exception, number: int = 1, elapsed: float = 0.0) -> Wait | Outcome:
    return rules.after_error(error, number, elapsed, 0.0, RNG)


@pytest.mark.parametrize("value", [0, -1, -(10**9)])
def test_attempts_below_one_are_rejected(value: int) -> None:
    with pytest.raises(PolicyError, match=f"attempts must be at least 1, not {value}"):
        Rules(on=OSError, attempts=value)


@pytest.mark.parametrize("value", [True, False, 2.0, "3"])
def test_attempts_that_are_no_whole_number_are_rejected(value: Any) -> None:
    with pytest.raises(PolicyError, match="attempts must be a whole number of 1 or more, or None, not "):
        Rules(on=OSError, attempts=value)


def test_unlimited_attempts_need_a_timeout() -> None:
    with pytest.raises(PolicyError, match=r"attempts=None \(unlimited\) needs a timeout, which is None too"):
        Rules(on=OSError, attempts=None)

    assert Rules(on=OSError, attempts=None, timeout=1).attempts is None


@pytest.mark.parametrize("name", ["timeout", "hint_cap"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), True, "1"])
def test_a_wrong_duration_is_rejected_by_name(name: str, value: object) -> None:
    options: dict[str, Any] = {"on": OSError, "hint": lambda failure: None, name: value}

    with pytest.raises(PolicyError, match=f"{name} must be a finite number of seconds"):
        Rules(**options)


def test_something_to_retry_is_required() -> None:
    with pytest.raises(PolicyError, match="on .* is required unless on_result is given"):
        Rules()

    assert Rules(on_result=bool).on is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (int, "on must name exceptions, and int is no exception"),
        ((), "at least one exception"),
        ((OSError, int), "and <class 'int'> is no exception type"),
        ((OSError, "TimeoutError"), "and 'TimeoutError' is no exception type"),
        ("OSError", "on must be an exception type, a tuple of them or a predicate, not 'OSError'"),
        ([OSError], "on must be an exception type"),
    ],
)
def test_what_names_no_exceptions_is_rejected(value: Any, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        Rules(on=value)


@pytest.mark.parametrize("name", ["on_result", "hint"])
def test_a_predicate_that_cannot_be_called_is_rejected(name: str) -> None:
    options: dict[str, Any] = {"on": OSError, name: 5}

    with pytest.raises(PolicyError, match=f"{name} must be a callable, not 5"):
        Rules(**options)


def test_a_fallback_value_is_rejected_with_what_to_write() -> None:
    value: Any = "a secret"

    with pytest.raises(PolicyError, match="write fallback=lambda error: value") as caught:
        Rules(on=OSError, fallback=value)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", ["", 5, b"name"])
def test_an_operation_that_is_no_name_is_rejected(value: Any) -> None:
    with pytest.raises(PolicyError, match="operation must be a name, not "):
        Rules(on=OSError, operation=value)


def test_an_operation_is_cleaned() -> None:
    assert Rules(on=OSError, operation="pay me: now!").operation == "pay_me:_now_"


def test_an_unknown_way_over_the_cap_is_rejected() -> None:
    value: Any = "explode"

    with pytest.raises(PolicyError, match="over_cap must be 'give_up', 'cap' or 'ignore', not 'explode'"):
        Rules(on=OSError, over_cap=value)


def test_a_hint_cap_without_a_hint_is_rejected() -> None:
    with pytest.raises(PolicyError, match=r"hint_cap=5\.0 says nothing while hint is None"):
        Rules(on=OSError, hint_cap=5)


@pytest.mark.parametrize(
    ("name", "value"),
    [("clock", ManualClock), ("clock", 5), ("rng", 42), ("rng", Random), ("rng", Random(1).random)],
)
def test_a_clock_or_a_source_of_chance_that_is_none_is_rejected(name: str, value: object) -> None:
    options: dict[str, Any] = {"on": OSError, name: value}

    with pytest.raises(PolicyError, match=f"{name} must be "):
        Rules(**options)


@pytest.mark.parametrize(
    ("on", "error", "retried"),
    [
        (OSError, OSError(), True),
        (OSError, ConnectionError(), True),
        (OSError, ValueError(), False),
        ((OSError, ValueError), ValueError(), True),
        ((OSError, ValueError), KeyError(), False),
        (lambda error: "again" in str(error), ValueError("again"), True),
        (lambda error: "again" in str(error), ValueError("no"), False),
        (lambda error: 1, KeyError(), True),
        (lambda error: None, KeyError(), False),
        (OSError, RetryAgain(), True),
        (OSError, ExceptionGroup("both", [OSError()]), False),
        (ExceptionGroup, ExceptionGroup("both", [OSError()]), True),
    ],
)
def test_on_decides_what_is_retried(on: Any, error: Exception, retried: bool) -> None:
    assert Rules(on=on).is_retryable(error) is retried


def test_without_on_no_exception_is_retried() -> None:
    assert not Rules(on_result=bool).is_retryable(OSError())


def test_a_result_is_rejected_when_on_result_says_so() -> None:
    assert Rules(on_result=lambda result: result is None).is_rejected(None)
    assert not Rules(on_result=lambda result: result is None).is_rejected(0)
    assert not Rules(on=OSError).is_rejected(None)


def test_decides_not_retryable_before_attempts_exhausted() -> None:
    assert after(Rules(on=OSError, attempts=1), ValueError()) is Outcome.NOT_RETRYABLE


def test_decides_attempts_exhausted_before_hint_refused_and_deadline_exceeded() -> None:
    rules = Rules(on=OSError, attempts=1, hint=lambda failure: 99, timeout=1)

    assert after(rules, OSError(), elapsed=5) is Outcome.ATTEMPTS_EXHAUSTED


def test_decides_hint_refused_before_deadline_exceeded() -> None:
    rules = Rules(on=OSError, hint=lambda failure: 99, timeout=1)

    assert after(rules, OSError(), elapsed=5) is Outcome.HINT_REFUSED


def test_a_wait_that_ends_at_the_timeout_does_not_fit() -> None:
    rules = Rules(on=OSError, backoff=2, timeout=10)

    assert after(rules, OSError(), elapsed=7.9) == Wait(2.0, DelaySource.BACKOFF, None, None)
    assert after(rules, OSError(), elapsed=8.0) is Outcome.DEADLINE_EXCEEDED


def test_an_integer_delay_is_a_float_in_the_decision() -> None:
    step = after(Rules(on=OSError, backoff=lambda failed_attempt: 2), OSError())

    assert isinstance(step, Wait)
    assert type(step.delay) is float


def test_the_wait_is_the_hint_plus_the_backoff() -> None:
    rules = Rules(on=OSError, backoff=Constant(2), hint=lambda failure: 5)

    assert after(rules, OSError()) == Wait(7.0, DelaySource.HINT, 5.0, None)


@pytest.mark.parametrize("hint", [None, 0])
def test_without_a_hint_the_backoff_decides(hint: float | None) -> None:
    step = after(Rules(on=OSError, backoff=Constant(2), hint=lambda failure: hint), OSError())

    assert step == Wait(2.0, DelaySource.BACKOFF, hint, None)


def test_a_hint_over_the_default_cap_of_a_minute_is_refused() -> None:
    rules = Rules(on=OSError, backoff=0, hint=lambda failure: 60.1)

    assert after(rules, OSError()) is Outcome.HINT_REFUSED
    assert after(Rules(on=OSError, backoff=0, hint=lambda failure: 60), OSError()) == Wait(
        60.0, DelaySource.HINT, 60.0, None
    )


def test_a_hint_over_the_cap_never_makes_the_wait_shorter_than_the_cap() -> None:
    rules = Rules(on=OSError, backoff=Exponential(), hint=lambda failure: 99, hint_cap=10, over_cap="cap")

    step = after(rules, OSError())

    assert isinstance(step, Wait)
    assert step.delay >= 10
    assert (step.source, step.hint) == (DelaySource.HINT, 99.0)


def test_an_ignored_hint_over_the_cap_leaves_the_wait_to_the_backoff_and_is_recorded() -> None:
    rules = Rules(on=OSError, backoff=1, hint=lambda failure: 99, hint_cap=10, over_cap="ignore")

    assert after(rules, OSError()) == Wait(1.0, DelaySource.BACKOFF, 99.0, None)


def test_a_hint_never_extends_beyond_the_timeout() -> None:
    rules = Rules(on=OSError, backoff=0, hint=lambda failure: 30, timeout=20)

    assert after(rules, OSError()) is Outcome.DEADLINE_EXCEEDED


@pytest.mark.parametrize("answer", [-1, float("nan"), float("inf"), "soon", True, 10**400])
def test_an_unusable_hint_counts_as_none_and_the_decision_says_so(answer: Any) -> None:
    rules = Rules(on=OSError, backoff=2, hint=lambda failure: answer)

    assert after(rules, OSError()) == Wait(2.0, DelaySource.BACKOFF, None, "hint")


@pytest.mark.parametrize("answer", [-1, float("nan"), float("inf"), None, "soon", True, 10**400])
def test_an_unusable_delay_gives_way_to_the_default_backoff_and_the_decision_says_so(answer: Any) -> None:
    step = after(Rules(on=OSError, backoff=lambda failed_attempt: answer), OSError())

    assert isinstance(step, Wait)
    assert 0 <= step.delay <= 0.1
    assert step.ignored == "backoff"


def test_the_wait_before_is_handed_to_the_backoff() -> None:
    class Growing:
        def delay(self, failed_attempt: int, previous: float, rng: object, /) -> float:
            return previous * 3

    step = Rules(on=OSError, backoff=Growing()).after_error(OSError(), 2, 0.0, 4.0, RNG)

    assert isinstance(step, Wait)
    assert step.delay == 12

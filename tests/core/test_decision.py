"""Every decision that the options imply, without a clock and without a call."""

import gc
from random import Random
from typing import Any
from weakref import ref

import pytest

from retold import Abort, Constant, DelaySource, Exponential, Outcome, RetryAgain
from retold.core.decision import Ending, Failure, Rejected, Step, Wait, decider
from retold.core.rules import Rules
from retold.telemetry import error_type

RNG = Random(0)


def rules_for(**options: Any) -> Rules:
    return Rules(**options)


def after(rules: Rules, failure: Failure, number: int = 1, elapsed: float = 0.0, previous: float = 0.0) -> Step:
    return decider(rules, lambda: elapsed, RNG)(failure, number, 0.0, previous)


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
    decide = decider(rules_for(on=on, backoff=1), lambda: 0.0, RNG)

    # The second time, what is known of the type is remembered.
    steps = [decide(error, 1, 0.0, 0.0) for _ in range(2)]

    assert steps == [1.0 if retried else Outcome.NOT_RETRYABLE] * 2


def test_without_on_no_exception_is_retried() -> None:
    assert after(rules_for(on_result=bool), OSError()) is Outcome.NOT_RETRYABLE


def test_a_rejected_result_is_retried() -> None:
    assert after(rules_for(on_result=bool, backoff=1), Rejected(7)) == 1.0


def test_the_hint_is_told_the_rejected_result() -> None:
    step = after(rules_for(on_result=bool, backoff=1, hint=lambda result: result), Rejected(7))

    assert step == Wait(8.0, DelaySource.HINT, 7.0, None)


@pytest.mark.parametrize("on", [BaseException, Exception, (KeyboardInterrupt, Exception), lambda error: True])
def test_decides_cancelled_and_aborted_whatever_on_says(on: Any) -> None:
    decide = decider(rules_for(on=on), lambda: 0.0, RNG)

    for _ in range(2):
        assert decide(KeyboardInterrupt(), 1, 0.0, 0.0) is Outcome.CANCELLED
        assert decide(Abort(), 1, 0.0, 0.0) is Outcome.ABORTED


def test_an_abort_in_a_group_is_found_in_every_group() -> None:
    decide = decider(rules_for(on=Exception, backoff=1), lambda: 0.0, RNG)
    failed = ExceptionGroup("failed", [OSError(), KeyError()])

    for _ in range(2):
        assert decide(failed, 1, 0.0, 0.0) == 1
        assert decide(ExceptionGroup("both", [failed, Abort()]), 1, 0.0, 0.0) is Outcome.ABORTED


def test_remembers_what_it_decided_about_a_few_types_only() -> None:
    decide = decider(rules_for(on=OSError, backoff=1), lambda: 0.0, RNG)
    kinds = [type(f"Error{number}", (OSError,), {}) for number in range(100)]

    steps = {decide(kind(), 1, 0.0, 0.0) for kind in kinds}

    assert steps == {1.0}
    gc.collect()
    alive = [ref(kind) for kind in kinds]
    del kinds
    gc.collect()
    assert sum(kind() is not None for kind in alive) < 70


def test_decides_not_retryable_before_attempts_exhausted() -> None:
    assert after(rules_for(on=OSError, attempts=1), ValueError()) is Outcome.NOT_RETRYABLE


def test_decides_attempts_exhausted_before_hint_refused_and_deadline_exceeded() -> None:
    rules = rules_for(on=OSError, attempts=1, hint=lambda failure: 99, timeout=1)

    assert after(rules, OSError(), elapsed=5) is Outcome.ATTEMPTS_EXHAUSTED


def test_decides_hint_refused_before_deadline_exceeded() -> None:
    rules = rules_for(on=OSError, hint=lambda failure: 99, timeout=1)

    assert after(rules, OSError(), elapsed=5) == Ending(Outcome.HINT_REFUSED, 99.0)


@pytest.mark.parametrize("over_cap", ["cap", "ignore"])
def test_what_the_server_asked_for_is_kept_where_the_wait_does_not_fit(over_cap: Any) -> None:
    rules = rules_for(on=OSError, backoff=1, hint=lambda failure: 99, over_cap=over_cap, timeout=1)

    assert after(rules, OSError()) == Ending(Outcome.DEADLINE_EXCEEDED, 99.0)


def test_where_the_server_asked_for_nothing_an_unusable_answer_leaves_the_outcome_alone() -> None:
    rules = rules_for(on=OSError, backoff=1, hint=lambda failure: "soon", timeout=1)

    assert after(rules, OSError()) is Outcome.DEADLINE_EXCEEDED


def test_a_wait_that_ends_at_the_timeout_does_not_fit() -> None:
    rules = rules_for(on=OSError, backoff=2, timeout=10)

    assert after(rules, OSError(), elapsed=7.9) == 2.0
    assert after(rules, OSError(), elapsed=8.0) is Outcome.DEADLINE_EXCEEDED


def test_an_integer_delay_is_a_float_in_the_decision() -> None:
    step = after(rules_for(on=OSError, backoff=lambda failed_attempt: 2), OSError())

    assert type(step) is float
    assert step == 2.0


def test_the_wait_is_the_hint_plus_the_backoff() -> None:
    rules = rules_for(on=OSError, backoff=Constant(2), hint=lambda failure: 5)

    assert after(rules, OSError()) == Wait(7.0, DelaySource.HINT, 5.0, None)


@pytest.mark.parametrize("hint", [None, 0])
def test_without_a_hint_the_backoff_decides(hint: float | None) -> None:
    step = after(rules_for(on=OSError, backoff=Constant(2), hint=lambda failure: hint), OSError())

    assert step == (2.0 if hint is None else Wait(2.0, DelaySource.BACKOFF, 0.0, None))


def test_a_hint_over_the_default_cap_of_a_minute_is_refused() -> None:
    rules = rules_for(on=OSError, backoff=0, hint=lambda failure: 60.1)

    assert after(rules, OSError()) == Ending(Outcome.HINT_REFUSED, 60.1)
    assert after(rules_for(on=OSError, backoff=0, hint=lambda failure: 60), OSError()) == Wait(
        60.0, DelaySource.HINT, 60.0, None
    )


@pytest.mark.parametrize(("hint_cap", "hint", "accepted"), [(10, 10, True), (10, 10.1, False), (120, 100, True)])
def test_a_cap_of_ones_own_takes_the_place_of_the_default(hint_cap: float, hint: float, accepted: bool) -> None:
    rules = rules_for(on=OSError, backoff=0, hint=lambda failure: hint, hint_cap=hint_cap)

    assert after(rules, OSError()) == (
        Wait(float(hint), DelaySource.HINT, float(hint), None) if accepted else Ending(Outcome.HINT_REFUSED, hint)
    )


def test_a_hint_over_the_cap_never_makes_the_wait_shorter_than_the_cap() -> None:
    rules = rules_for(on=OSError, backoff=Exponential(), hint=lambda failure: 99, hint_cap=10, over_cap="cap")

    step = after(rules, OSError())

    assert isinstance(step, Wait)
    assert 10 <= step.delay <= 10.1
    assert (step.source, step.hint) == (DelaySource.HINT, 99.0)


def test_an_ignored_hint_over_the_cap_leaves_the_wait_to_the_backoff_and_is_recorded() -> None:
    rules = rules_for(on=OSError, backoff=1, hint=lambda failure: 99, hint_cap=10, over_cap="ignore")

    assert after(rules, OSError()) == Wait(1.0, DelaySource.BACKOFF, 99.0, None)


def test_a_hint_never_extends_beyond_the_timeout() -> None:
    rules = rules_for(on=OSError, backoff=0, hint=lambda failure: 30, timeout=20)

    assert after(rules, OSError()) == Ending(Outcome.DEADLINE_EXCEEDED, 30.0)


@pytest.mark.parametrize("answer", [-1, float("nan"), float("inf"), "soon", True, 10**400])
def test_an_unusable_hint_counts_as_none_and_the_decision_says_so(answer: Any) -> None:
    rules = rules_for(on=OSError, backoff=2, hint=lambda failure: answer)

    assert after(rules, OSError()) == Wait(2.0, DelaySource.BACKOFF, None, "hint")


@pytest.mark.parametrize("answer", [-1, float("nan"), float("inf"), None, "soon", True, 10**400])
def test_an_unusable_delay_gives_way_to_the_default_backoff_and_the_decision_says_so(answer: Any) -> None:
    step = after(rules_for(on=OSError, backoff=lambda failed_attempt: answer), OSError())

    assert isinstance(step, Wait)
    assert 0 <= step.delay <= 0.1
    assert step.ignored == "backoff"


def test_the_wait_before_is_handed_to_the_backoff() -> None:
    class Growing:
        def delay(self, failed_attempt: int, previous: float, rng: object, /) -> float:
            return previous * 3

    step = after(rules_for(on=OSError, backoff=Growing()), OSError(), number=2, previous=4.0)

    assert step == 12


def test_where_hint_and_backoff_are_both_unusable_the_decision_names_both() -> None:
    step = after(rules_for(on=OSError, backoff=lambda number: "soon", hint=lambda failure: "later"), OSError())

    assert isinstance(step, Wait)
    assert step.ignored == "hint, backoff"


def test_types_that_cannot_be_hashed_are_judged_each_time() -> None:
    class Unhashable(type):
        def __eq__(cls, other: object) -> bool:
            return cls is other

        __hash__ = None  # type: ignore[assignment] # what a metaclass may do

    class Odd(OSError, metaclass=Unhashable):
        pass

    decide = decider(rules_for(on=OSError, backoff=1), lambda: 0.0, RNG)

    assert [decide(Odd(), number, 0.0, 0.0) for number in (1, 2, 3)] == [1.0, 1.0, Outcome.ATTEMPTS_EXHAUSTED]
    assert error_type(Odd()) == error_type(Odd())

"""A stop is asked about last, and ends a call only where another attempt would have followed."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from retold import Abort, DelaySource, Outcome
from retold.core.decision import Ending, Failure, Rejected, Step, Wait, decider
from retold.core.rules import Rules


def after(failure: Failure, stop: Callable[[], bool], previous: float = 0.0, **options: Any) -> Step:
    return decider(Rules(**{"on": OSError, "stop": stop, **options}), lambda: 5.0, Random(0))(failure, 1, 0.0, previous)


def never_asked() -> bool:
    raise AssertionError


@pytest.mark.parametrize("failure", [OSError(), Rejected(7)], ids=["raised", "rejected"])
@pytest.mark.parametrize(
    ("hint", "ending"),
    [
        (None, Outcome.ABORTED),
        (lambda failure: None, Outcome.ABORTED),
        (lambda failure: 3, Ending(Outcome.ABORTED, 3.0)),
    ],
)
def test_once_stopped_no_attempt_follows(failure: Failure, hint: Any, ending: Outcome | Ending) -> None:
    assert after(failure, lambda: True, on_result=bool, hint=hint) == ending


@pytest.mark.parametrize(
    ("hint", "waited"),
    [
        (None, Wait(2.0, DelaySource.BACKOFF, None, None)),
        (lambda failure: 3, Wait(5.0, DelaySource.HINT, 3.0, None)),
        (lambda failure: "soon", Wait(2.0, DelaySource.BACKOFF, None, "hint")),
    ],
)
def test_until_it_is_stopped_a_call_waits_as_it_would_without(hint: Any, waited: Wait) -> None:
    assert after(OSError(), lambda: False, backoff=2, hint=hint) == waited


def test_the_wait_before_is_handed_to_the_backoff() -> None:
    class Growing:
        def delay(self, failed_attempt: int, previous: float, rng: object, /) -> float:
            return previous * 3

    step = after(OSError(), lambda: False, previous=4.0, backoff=Growing())

    assert isinstance(step, Wait)
    assert step.delay == 12.0


@pytest.mark.parametrize(
    ("failure", "options", "outcome"),
    [
        (KeyboardInterrupt(), {}, Outcome.CANCELLED),
        (Abort(), {}, Outcome.ABORTED),
        (ValueError(), {}, Outcome.NOT_RETRYABLE),
        (OSError(), {"attempts": 1}, Outcome.ATTEMPTS_EXHAUSTED),
        (OSError(), {"hint": lambda failure: 99}, Ending(Outcome.HINT_REFUSED, 99.0)),
        (OSError(), {"timeout": 1}, Outcome.DEADLINE_EXCEEDED),
    ],
)
def test_where_the_call_is_over_anyway_nobody_asks_for_a_stop(
    failure: BaseException, options: dict[str, Any], outcome: Outcome | Ending
) -> None:
    assert after(failure, never_asked, **options) == outcome

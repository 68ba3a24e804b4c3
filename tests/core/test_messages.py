"""What is said of a wrong option, word for word: it is all that a user has to go by."""

import math
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from retold import Constant, Exponential, PolicyError
from retold.core.backoff import as_backoff
from retold.core.rules import Rules


class Named:
    """A value that is none of what any option takes, with a short name."""

    def __repr__(self) -> str:
        return "<named>"


SYNC = "a callable that is not async, for nothing awaits its answer, not "


class Slow:
    """A backoff that would have to be awaited."""

    @staticmethod
    async def delay(failed_attempt: int, previous: float, rng: object, /) -> float:
        raise AssertionError


async def later(event: object) -> bool:
    raise AssertionError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "on (what to retry) is required unless on_result is given, as in on=ConnectionError"),
        ({"on": int}, "on must name exceptions, and int is no exception"),
        ({"on": ()}, "on must name at least one exception, not an empty tuple"),
        ({"on": (OSError, 5)}, "on must name exceptions, and 5 is no exception type"),
        ({"on": 5}, "on must be an exception type, a tuple of them or a predicate, not 5"),
        ({"on_result": 5}, "on_result must be a callable, not 5"),
        ({"hint": 5}, "hint must be a callable, not 5"),
        ({"attempts": 2.5}, "attempts must be a whole number of 1 or more, or None, not 2.5"),
        ({"attempts": 0}, "attempts must be at least 1, not 0"),
        ({"attempts": None}, "attempts=None (unlimited) needs a timeout or a stop, which are None too"),
        ({"timeout": -1}, "timeout must be a finite number of seconds, 0 or more, not -1"),
        (
            {"timeout": timedelta(minutes=2)},
            "timeout must be a finite number of seconds, 0 or more, not datetime.timedelta(seconds=120):"
            " give its total_seconds()",
        ),
        ({"attempt_timeout": -1}, "attempt_timeout must be a finite number of seconds, 0 or more, not -1"),
        ({"attempt_timeout": 0}, "attempt_timeout must be above 0, which would cut every attempt short at once"),
        (
            {"attempt_timeout": 3, "timeout": 2},
            "attempt_timeout=3.0 is longer than timeout=2.0, the time for all attempts together:"
            " shorten one or lengthen the other",
        ),
        (
            {"stop": 5},
            "stop must be an event with is_set, such as a threading.Event, or a predicate without arguments"
            " that is not async, not 5",
        ),
        ({"stop": threading.Event}, "stop must be an event itself, not its class: write Event()"),
        (
            {"fallback": 5},
            "fallback must be None or a callable that takes the final exception;"
            " to return a value write fallback=lambda error: value",
        ),
        ({"generator": "resume"}, "generator must be 'restart', 'open' or None, not 'resume'"),
        ({"over_cap": "wait"}, "over_cap must be 'give_up', 'cap' or 'ignore', not 'wait'"),
        ({"hint": len, "hint_cap": -1}, "hint_cap must be a finite number of seconds, 0 or more, not -1"),
        ({"over_cap": "cap"}, "over_cap='cap' says nothing while hint is None: give a hint too"),
        ({"hint_cap": 5}, "hint_cap=5.0 says nothing while hint is None: give a hint too"),
        ({"on_retry": 5}, "on_retry must be a callable that takes an event and is not async, not 5"),
        ({"on_give_up": 5}, "on_give_up must be a callable that takes an event and is not async, not 5"),
        ({"on_success": 5}, "on_success must be a callable that takes an event and is not async, not 5"),
        ({"on_retry": later}, f"on_retry must be a callable that takes an event and is not async, not {later!r}"),
        ({"on": later}, f"on must be {SYNC}{later!r}"),
        ({"on_result": later}, f"on_result must be {SYNC}{later!r}"),
        ({"hint": later}, f"hint must be {SYNC}{later!r}"),
        ({"backoff": later}, f"backoff must be {SYNC}{later!r}"),
        ({"clock": 5}, "clock must be an object with now, sleep and asleep, not 5"),
        ({"rng": 5}, "rng must be an object with a method random, such as Random(seed), not 5"),
        ({"operation": ""}, "operation must be a name, not ''"),
    ],
)
def test_a_wrong_option_is_refused_with_the_rule_the_value_and_what_to_do(
    options: dict[str, Any], message: str
) -> None:
    given = options if "on" in options or not options else {"on": OSError, **options}

    with pytest.raises(PolicyError) as caught:
        Rules(**given)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: as_backoff(Exponential), "backoff must be a backoff itself, not its class: write Exponential(...)"),
        (lambda: as_backoff(Slow()), f"the delay of backoff must be {SYNC}{Slow.delay!r}"),
        (lambda: as_backoff([]), "backoff must list at least one delay, not none: write backoff=0 for no waits"),
        (lambda: as_backoff([1, -1]), "each delay in backoff must be a finite number of seconds, 0 or more, not -1"),
        (
            lambda: as_backoff(iter([1])),
            "backoff must not be an iterator, which only one call could use: pass a list",
        ),
        (
            lambda: as_backoff(Named()),
            "backoff must be a Backoff, seconds (finite, 0 or more), a list of seconds or a callable, not <named>",
        ),
        (
            lambda: as_backoff(timedelta(minutes=2)),
            "backoff must be a Backoff, seconds (finite, 0 or more), a list of seconds or a callable,"
            " not datetime.timedelta(seconds=120): give its total_seconds()",
        ),
        (lambda: Constant(math.nan), "every must be a finite number of seconds, 0 or more, not nan"),
        (lambda: Exponential(factor=0.5), "factor must be a finite number of 1 or more, not 0.5"),
    ],
)
def test_a_wrong_backoff_is_refused_with_the_rule_the_value_and_what_to_do(
    make: Callable[[], object], message: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        make()

    assert str(caught.value) == message

"""A wrong option is refused when the rules are made, with the value and the rule."""

import asyncio
import functools
import multiprocessing
import threading
from random import Random
from typing import Any

import pytest
import trio

from retold import PolicyError
from retold.core.rules import Rules
from retold.testing import ManualClock


@pytest.mark.parametrize("value", [0, -1, -(10**9)])
def test_attempts_below_one_are_rejected(value: int) -> None:
    with pytest.raises(PolicyError, match=f"attempts must be at least 1, not {value}"):
        Rules(on=OSError, attempts=value)


@pytest.mark.parametrize("value", [True, False, 2.0, "3"])
def test_attempts_that_are_no_whole_number_are_rejected(value: Any) -> None:
    with pytest.raises(PolicyError, match="attempts must be a whole number of 1 or more, or None, not "):
        Rules(on=OSError, attempts=value)


def test_attempts_are_no_more_than_can_be_told() -> None:
    most = 9_223_372_036_854_775_807

    assert Rules(on=OSError, attempts=most).attempts == most
    with pytest.raises(PolicyError, match=f"attempts must be at most {most}, not {most + 1}: None is unlimited"):
        Rules(on=OSError, attempts=most + 1)


def test_unlimited_attempts_need_a_timeout_or_a_stop() -> None:
    message = r"attempts=None \(unlimited\) needs a timeout or a stop, which are None too"
    with pytest.raises(PolicyError, match=message):
        Rules(on=OSError, attempts=None)

    assert Rules(on=OSError, attempts=None, timeout=1).attempts is None
    assert Rules(on=OSError, attempts=None, stop=threading.Event()).attempts is None


@pytest.mark.parametrize("name", ["timeout", "hint_cap"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), True, "1"])
def test_a_wrong_duration_is_rejected_by_name(name: str, value: object) -> None:
    options: dict[str, Any] = {"on": OSError, "hint": lambda failure: None, name: value}

    with pytest.raises(PolicyError, match=f"{name} must be a finite number of seconds"):
        Rules(**options)


def test_something_to_retry_is_required() -> None:
    with pytest.raises(PolicyError, match=r"on .* is required unless on_result is given"):
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
    "stop", [threading.Event(), asyncio.Event(), trio.Event(), multiprocessing.Event(), lambda: False, [].__len__]
)
def test_a_stop_is_an_event_or_a_predicate(stop: Any) -> None:
    rules = Rules(on=OSError, stop=stop)

    assert rules.stopped is not None
    assert not rules.stopped()


async def _stop() -> bool:
    raise AssertionError


class _Stop:
    async def __call__(self) -> bool:
        raise AssertionError


@pytest.mark.parametrize("stop", [5, "stop", True, _stop, functools.partial(_stop), _Stop(), object()])
def test_a_stop_that_cannot_be_asked_is_rejected(stop: Any) -> None:
    with pytest.raises(PolicyError, match=r"stop must be an event with is_set, .* or a predicate .* not async, not "):
        Rules(on=OSError, stop=stop)


def test_the_class_of_an_event_is_rejected_with_what_to_write() -> None:
    stop: Any = threading.Event

    with pytest.raises(PolicyError, match=r"not its class: write Event\(\)"):
        Rules(on=OSError, stop=stop)

"""A right option is taken, and kept as it was given."""

import functools
from typing import Any

import pytest

from retold.core.rules import Rules


def one_after(event: object, other: object = None) -> bool:
    return False


@pytest.mark.parametrize(
    "options",
    [
        {"generator": "restart"},
        {"generator": "open"},
        {"over_cap": "give_up"},
        {"over_cap": "cap", "hint": len},
        {"over_cap": "ignore", "hint": len},
        {"fallback": None},
        {"fallback": one_after},
        {"on_retry": one_after},
        {"on_give_up": functools.partial(one_after, None)},
        {"on_success": functools.partial(functools.partial(one_after), other=None)},
        {"attempt_timeout": 1.0},
        {"attempt_timeout": 2.0, "timeout": 2.0},
        {"attempt_timeout": 1.0, "timeout": 2.0},
        {"stop": functools.partial(one_after, None)},
        {"hint": len, "hint_cap": 0.0},
        {"timeout": 0.0},
        {"attempts": 1},
    ],
    ids=" ".join,
)
def test_a_right_option_is_kept_as_it_was_given(options: dict[str, Any]) -> None:
    rules = Rules(on=OSError, **options)

    assert {name: getattr(rules, name) for name in options} == options


@pytest.mark.parametrize("name", ["timeout", "attempt_timeout", "hint_cap"])
def test_whole_seconds_are_kept_as_floats(name: str) -> None:
    options: dict[str, Any] = {"on": OSError, "hint": len, name: 5}

    value = getattr(Rules(**options), name)

    assert (value, type(value)) == (5.0, float)

"""What it takes to show a difference."""

import random
from collections.abc import Callable, Mapping

import pytest

import retold
from scripts.peers import said_of
from tests.forms import Failing


def raised(call: Callable[[], object]) -> BaseException:
    """What a call raises."""
    with pytest.raises(BaseException) as caught:
        call()
    return caught.value


def interrupted_once() -> Callable[[], str]:
    """A function that is interrupted, and would go well after."""
    return Failing(KeyboardInterrupt, "page")


def assert_spread_at_cap() -> None:
    """Ours draws other waits each time, at the cap too."""
    rng = random.Random(8)
    ours = {retold.Exponential(1, cap=4).delay(9, 4, rng) for _ in range(50)}
    assert len(ours) == 50
    assert max(ours) <= 4


def assert_all_shown(library: str, tests: Mapping[str, object]) -> None:
    """Each row of the table of differences has the test of its name, and each test its row."""
    told = [f"test_{name}" for name in said_of(library)["differences"]]
    assert [name for name in tests if name.startswith("test_") and "difference" not in name] == told

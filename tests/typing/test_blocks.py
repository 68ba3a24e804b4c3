"""What checkers know of blocks, and what they cannot: that a loop ends by its body alone."""

from __future__ import annotations

from typing import assert_type

from retold import Policy
from retold.testing import ManualClock

policy = Policy(on=OSError, operation="blocks", clock=ManualClock())


def read(path: str) -> str:
    return path


def test_a_value_is_bound_before_the_loop() -> None:
    text = ""
    for attempt in policy:
        with attempt:
            text = read("a")

    assert assert_type(text, str) == "a"


def test_a_function_that_returns_from_a_block_ends_with_what_never_happens() -> None:
    def text_of(path: str) -> str:
        for attempt in policy:
            with attempt:
                return read(path)
        raise AssertionError("a loop over a policy ends by returning or raising")

    assert assert_type(text_of("a"), str) == "a"


def test_a_function_of_its_own_needs_neither() -> None:
    assert assert_type(policy.call(read, "a"), str) == "a"


def test_without_either_a_checker_sees_a_function_that_may_return_nothing() -> None:
    def text_of(path: str) -> str:  # type: ignore[return]  # pyright: ignore[reportReturnType]  # ty: ignore[invalid-implicit-return]  # noqa: RET503
        for attempt in policy:
            with attempt:
                return read(path)

    assert text_of("a") == "a"

"""What cannot be retried correctly is refused when it is decorated or called, with what to do instead."""

import functools
import inspect
import types
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from retold import Policy, PolicyError
from retold.errors import RetoldWarning
from retold.testing import ManualClock, MemoryExporter
from retold.wrapper import is_async
from tests.forms import Failing, drive

POLICY: Any = Policy(on=OSError, clock=ManualClock())  # given what type checkers would refuse


def plain() -> str:
    return "value"


async def awaited() -> str:
    return "value"


class Calling:
    def __call__(self) -> str:
        return "value"


class Awaiting:
    async def __call__(self) -> str:
        return "value"


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


class Generating:
    """Called like a function, it makes a generator."""

    def __call__(self) -> Iterator[int]:
        yield 1

    def method(self) -> Iterator[int]:
        yield 1


@pytest.mark.parametrize("result", ["c4n4ry", None, 5])
def test_a_result_in_place_of_a_function_is_refused_and_not_shown(result: Any, seen: MemoryExporter) -> None:
    uses = (POLICY.call, POLICY.run, lambda given: drive(POLICY.acall(given)), lambda given: drive(POLICY.arun(given)))

    for use in uses:
        with pytest.raises(
            TypeError, match=rf"^a policy calls a .*, not a {type(result).__name__}: write policy\.call"
        ):
            use(result)

    assert seen.calls == []


@pytest.mark.parametrize(
    "function",
    [generator, async_generator, functools.partial(generator), Generating(), Generating().method],
    ids=["generator", "async-generator", "partial", "object", "method"],
)
def test_a_generator_is_refused_with_what_to_do_instead(function: Any) -> None:
    with pytest.raises(TypeError, match=r"is a generator, .*generator='restart' starts it anew.*generator='open' "):
        POLICY(function)
    for use in (POLICY.call, POLICY.run):
        with pytest.raises(TypeError, match=r"is a generator: decorate it with a policy that has a generator=, or "):
            use(function)
    for use in (POLICY.acall, POLICY.arun):
        with pytest.raises(TypeError, match="is a generator"):
            drive(use(function))


@pytest.mark.parametrize("option", ["on_result", "fallback"])
@pytest.mark.parametrize("function", [generator, async_generator])
def test_what_would_have_to_judge_or_replace_items_is_refused(function: Any, option: str) -> None:
    options: dict[str, Any] = {option: lambda value: None}
    policy = Policy(on=OSError, generator="restart", **options)

    with pytest.raises(TypeError, match=f"is a generator, whose items are given out one by one: leave out {option}"):
        policy(function)


@pytest.mark.parametrize("value", ["again", True, ""])
def test_a_mode_that_does_not_exist_is_refused(value: Any) -> None:
    with pytest.raises(PolicyError, match="generator must be 'restart', 'open' or None, not "):
        Policy(on=OSError, generator=value)


@pytest.mark.parametrize("kind", [classmethod, staticmethod])
def test_a_generator_in_a_method_object_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match="is a generator"):
        POLICY(kind(generator))


def test_a_class_is_refused_with_what_to_do_instead() -> None:
    with pytest.raises(TypeError, match=r"Calling is a class: decorate its methods, or give it to policy\.call"):
        POLICY(Calling)

    assert isinstance(POLICY.call(Calling), Calling)


@pytest.mark.parametrize("value", [5, None, "name", property(lambda self: None)])
def test_what_is_no_function_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="a policy decorates functions, not "):
        POLICY(value)


@pytest.mark.parametrize("name", ["call", "run"])
def test_a_synchronous_call_of_an_async_function_is_refused_with_what_to_write(name: str) -> None:
    with pytest.raises(TypeError, match=r"awaited is async: write await policy\.acall"):
        getattr(POLICY, name)(awaited)


@pytest.mark.parametrize(
    ("function", "expected"),
    [(plain, False), (awaited, True), (len, False), (str, False), (Awaiting(), True), (Calling(), False)],
)
def test_what_makes_a_coroutine_is_async(function: Any, expected: bool) -> None:
    assert is_async(function) is expected


@pytest.mark.skipif(not hasattr(inspect, "markcoroutinefunction"), reason="since Python 3.12")
def test_a_function_that_is_marked_as_a_coroutine_function_is_awaited() -> None:
    runs: list[None] = []

    def marked() -> Any:
        async def work() -> str:
            runs.append(None)
            if len(runs) < 3:
                raise OSError
            return "value"

        return work()

    wrapped = POLICY(inspect.markcoroutinefunction(marked))  # type: ignore[attr-defined, unused-ignore] # see above

    assert inspect.iscoroutinefunction(wrapped)
    assert drive(wrapped()) == "value"
    assert len(runs) == 3


def test_a_function_with_attributes_is_what_its_code_is() -> None:
    def function() -> str:
        return "value"

    async def coroutine_function() -> str:
        return "value"

    function.kept = coroutine_function.kept = 1  # type: ignore[attr-defined] # an attribute of the user's

    assert POLICY(function)() == "value"
    assert drive(POLICY(coroutine_function)()) == "value"
    assert POLICY(function).kept == POLICY(coroutine_function).kept == 1
    POLICY(function).also = 2
    assert not hasattr(function, "also")


def test_a_coroutine_made_of_a_generator_is_refused() -> None:
    with pytest.raises(TypeError, match="is a generator"):
        POLICY(types.coroutine(generator))


@pytest.mark.parametrize("form", ["call", "run"])
def test_a_coroutine_that_nobody_awaits_in_the_attempt_is_warned_of_once(form: str) -> None:
    policy = POLICY.replace(operation=f"shop.unawaited.{form}")

    with pytest.warns(RetoldWarning, match=rf"shop\.unawaited\.{form} is not async .* await policy\.acall") as warned:
        made = [getattr(policy, form)(lambda: awaited()) for _ in range(2)]

    assert [warning.filename for warning in warned] == [__file__]
    assert [drive(getattr(each, "value", each)) for each in made] == ["value"] * 2


async def test_a_coroutine_that_is_awaited_in_the_attempt_is_retried_whoever_makes_it() -> None:
    work = Failing(OSError, "page")

    async def fetch() -> object:
        return work()

    assert await POLICY.acall(lambda: fetch()) == "page"

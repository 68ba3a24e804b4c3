"""What stands in a decorated function's place is of its kind and looks like it."""

import functools
import inspect
from typing import Any

import pytest

from retold import Policy
from retold.testing import ManualClock, MemoryExporter
from tests.forms import drive

policy = Policy(on=OSError, clock=ManualClock())
POLICY: Any = policy  # given what type checkers would refuse


class Flaky:
    """An object with every kind of method, each of which fails once."""

    shared = 0

    def __init__(self) -> None:
        self.runs = 0

    def _fail_once(self) -> None:
        self.runs += 1
        if self.runs == 1:
            raise OSError

    @policy
    def method(self, value: str) -> str:
        self._fail_once()
        return value

    @policy
    async def amethod(self, value: str) -> str:
        self._fail_once()
        return value

    @policy
    @classmethod
    def above_class(cls, value: str) -> str:
        cls._fail_once_together()
        return value

    @classmethod
    @policy
    def below_class(cls, value: str) -> str:
        cls._fail_once_together()
        return value

    @policy
    @staticmethod
    def above_static(value: str) -> str:
        Flaky._fail_once_together()
        return value

    @staticmethod
    @policy
    def below_static(value: str) -> str:
        Flaky._fail_once_together()
        return value

    def raw(self, value: str) -> str:
        self._fail_once()
        return value

    async def araw(self, value: str) -> str:
        self._fail_once()
        return value

    partial = policy(functools.partialmethod(raw, "value"))
    apartial = policy(functools.partialmethod(araw, "value"))

    @classmethod
    def _fail_once_together(cls) -> None:
        cls.shared += 1
        if cls.shared % 2:
            raise OSError

    def __call__(self, value: str) -> str:
        self._fail_once()
        return value


class AsyncFlaky(Flaky):
    """Called like a function, it must be awaited."""

    async def __call__(self, value: str) -> str:  # type: ignore[override] # that is the point
        self._fail_once()
        return value


@pytest.mark.parametrize(
    "name", ["method", "above_class", "below_class", "above_static", "below_static"], ids=lambda name: name
)
def test_every_kind_of_method_is_retried(name: str, seen: MemoryExporter) -> None:
    assert getattr(Flaky(), name)("value") == "value"

    assert seen.last.attempts == 2
    assert seen.last.operation.startswith(f"{__name__}.Flaky.")


def test_a_class_method_is_one_on_the_class_too(seen: MemoryExporter) -> None:
    assert Flaky.above_class("value") == Flaky.above_static("value") == "value"

    assert [call.attempts for call in seen.calls] == [2, 2]


def test_a_partial_method_is_retried(seen: MemoryExporter) -> None:
    assert Flaky().partial() == "value"
    assert drive(Flaky().apartial()) == "value"

    assert [call.operation.rpartition(".")[2] for call in seen.calls] == ["raw", "araw"]
    assert [call.attempts for call in seen.calls] == [2, 2]


@pytest.mark.parametrize("make", [Flaky, lambda: Flaky().raw, lambda: functools.partial(Flaky().raw)])
def test_callable_objects_bound_methods_and_partials_are_retried(make: Any, seen: MemoryExporter) -> None:
    wrapped = POLICY(make())

    assert wrapped("value") == "value"
    assert seen.last.attempts == 2


@pytest.mark.parametrize(
    "make",
    [
        AsyncFlaky,
        lambda: Flaky().araw,
        lambda: functools.partial(Flaky().araw),
        lambda: functools.partial(AsyncFlaky()),
    ],
)
def test_async_callable_objects_bound_methods_and_partials_are_retried(make: Any, seen: MemoryExporter) -> None:
    wrapped = POLICY(make())

    assert inspect.iscoroutinefunction(wrapped)
    assert drive(wrapped("value")) == "value"
    assert seen.last.attempts == 2


def test_an_async_method_is_retried(seen: MemoryExporter) -> None:
    assert drive(Flaky().amethod("value")) == "value"

    assert seen.last.attempts == 2


def plain(first: int, /, second: str = "two", *rest: float, key: bool = False, **more: object) -> tuple[Any, ...]:
    """The docstring."""
    return first, second, rest, key, more


async def awaited(first: int, second: str = "two") -> tuple[Any, ...]:
    """The docstring."""
    return first, second


@pytest.mark.parametrize("function", [plain, awaited])
def test_a_decorated_function_looks_like_itself(function: Any) -> None:
    wrapped = POLICY(function)

    assert wrapped.__wrapped__ is function
    assert inspect.signature(wrapped) == inspect.signature(function)
    assert inspect.iscoroutinefunction(wrapped) == inspect.iscoroutinefunction(function)
    assert not inspect.isgeneratorfunction(wrapped)
    assert not inspect.isasyncgenfunction(wrapped)
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(wrapped, name) == getattr(function, name)


def test_arguments_and_defaults_arrive_whatever_their_names() -> None:
    wrapped = POLICY(plain)

    assert wrapped(1) == (1, "two", (), False, {})
    assert wrapped(1, "b", 3.0, key=True, self=1, call=2, function=3, first=4) == (
        1,
        "b",
        (3.0,),
        True,
        {"self": 1, "call": 2, "function": 3, "first": 4},
    )
    assert POLICY.call(plain, 1, self=1, function=2) == (1, "two", (), False, {"self": 1, "function": 2})


def test_arguments_that_do_not_fit_fail_with_the_functions_own_name() -> None:
    for use in (POLICY(plain), lambda: POLICY.call(plain)):
        with pytest.raises(TypeError, match=r"plain\(\) missing 1 required positional argument: 'first'"):
            use()
    with pytest.raises(TypeError, match=r"awaited\(\) missing 1 required positional argument: 'first'"):
        drive(POLICY(awaited)())


def test_a_wrapped_object_without_a_name_is_named_by_its_class() -> None:
    assert POLICY(Flaky()).__name__ == "Flaky"
    assert POLICY(functools.partial(plain)).__name__ == "plain"

"""What operations are called when nobody names them."""

import functools
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest

import retold
from retold import Policy, RetoldWarning
from retold.journal import JOURNAL
from retold.naming import name_of
from retold.telemetry import CALL_ACTIVE
from retold.testing import ManualClock, MemoryExporter
from tests.forms import CALL, Failing


def read() -> str:
    return "value"


class Client:
    def get(self) -> None: ...

    @classmethod
    def make(cls) -> None: ...

    @staticmethod
    def check() -> None: ...

    def __call__(self) -> None: ...


class Child(Client):
    pass


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (read, "tests.test_naming.read"),
        (functools.partial(read), "tests.test_naming.read"),
        (functools.partial(functools.partial(read)), "tests.test_naming.read"),
        (Client.get, "tests.test_naming.Client.get"),
        (Client().get, "tests.test_naming.Client.get"),
        (Child().get, "tests.test_naming.Client.get"),
        (functools.partial(Client().get), "tests.test_naming.Client.get"),
        (Client.make, "tests.test_naming.Client.make"),
        (Client.check, "tests.test_naming.Client.check"),
        (Client(), "tests.test_naming.Client"),
        (functools.partial(Client()), "tests.test_naming.Client"),
        (Client, "tests.test_naming.Client"),
        (len, "builtins.len"),
        (str.upper, "builtins.str.upper"),
        ("text".upper, "builtins.str.upper"),
        ([].__len__, "builtins.list.__len__"),
        (dict.fromkeys, "builtins.dict.fromkeys"),
        (functools.lru_cache(read), "tests.test_naming.read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_function_is_named_by_its_module_and_qualified_name(function: Callable[..., Any], name: str) -> None:
    assert name_of(function) == name


def test_a_method_of_a_c_type_is_named_after_the_class_of_its_object() -> None:
    with socket.socket() as connection:
        assert name_of(connection.recv) == "socket.socket.recv"


def test_a_lambda_is_named_by_where_it_stands() -> None:
    assert name_of(lambda: None).startswith("tests.test_naming.test_a_lambda_is_named_by_where_it_stands.<locals>.")


def test_a_long_or_foreign_name_is_cut_and_cleaned() -> None:
    def function() -> None: ...

    function.__qualname__ = "übergrößen " * 40

    name = name_of(function)
    assert len(name) == 128
    assert name.startswith("tests.test_naming._bergr__en_")


def test_a_block_is_named_after_the_function_around_it(clock: ManualClock, seen: MemoryExporter) -> None:
    for attempt in Policy(on=OSError, clock=clock):
        with attempt:
            pass

    assert seen.last.operation == "tests.test_naming.test_a_block_is_named_after_the_function_around_it"


async def test_an_async_block_is_named_after_the_function_around_it(clock: ManualClock, seen: MemoryExporter) -> None:
    async for attempt in Policy(on=OSError, clock=clock):
        with attempt:
            pass

    assert seen.last.operation == "tests.test_naming.test_an_async_block_is_named_after_the_function_around_it"


def test_a_second_unnamed_block_in_a_function_warns_once_at_its_own_line(
    clock: ManualClock, seen: MemoryExporter
) -> None:
    policy = Policy(on=OSError, clock=clock)

    def two_blocks() -> int:
        for attempt in policy:
            with attempt:
                pass
        line = sys._getframe().f_lineno + 2  # of its `with`
        for attempt in policy:
            with attempt:
                pass
        return line

    with pytest.warns(RetoldWarning, match=r"two_blocks has two blocks .* give their policies an operation=") as caught:
        line = two_blocks()
    two_blocks()

    assert [(warning.filename, warning.lineno) for warning in caught] == [(__file__, line)]


def test_named_blocks_do_not_warn(clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, clock=clock)
    for attempt in policy.replace(operation="one"):
        with attempt:
            pass
    for attempt in policy.replace(operation="two"):
        with attempt:
            pass

    assert [call.operation for call in seen.calls] == ["one", "two"]


def test_one_block_that_runs_often_does_not_warn(clock: ManualClock) -> None:
    for _ in range(100):
        attempts = iter(Policy(on=OSError, clock=clock))
        with next(attempts) as attempt:
            assert attempt.number == 1


def test_a_block_that_the_compiler_wrote_twice_does_not_warn(clock: ManualClock, seen: MemoryExporter) -> None:
    def cleaning(error: Exception | None) -> None:
        try:
            if error is not None:
                raise error
        finally:
            for attempt in Policy(on=OSError, clock=clock):
                with attempt:
                    pass

    cleaning(None)
    with pytest.raises(KeyError):
        cleaning(KeyError())

    assert len(seen.calls) == 2


def test_a_called_function_is_named_like_a_decorated_one(clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, clock=clock)

    policy.call(read)
    policy(read)()

    assert [call.operation for call in seen.calls] == ["tests.test_naming.read"] * 2


def test_the_operation_of_the_policy_comes_first(clock: ManualClock, seen: MemoryExporter) -> None:
    CALL.perform(Policy(on=OSError, operation="mine", clock=clock), Failing("value"))

    assert seen.last.operation == "mine"


@pytest.mark.parametrize("name", ["", None, 5])
def test_what_is_no_name_is_not_registered(name: Any) -> None:
    with pytest.raises(retold.SettingsError, match=f"^operation must be a name, not {name!r}$"):
        retold.register(name)


def test_a_registered_operation_is_cleaned_like_any_other() -> None:
    retold.register("pay me")

    assert ("pay_me",) in JOURNAL.collect()[CALL_ACTIVE]

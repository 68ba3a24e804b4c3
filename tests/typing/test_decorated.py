"""Decorated functions keep their types; a fallback adds its own."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, assert_type, overload

import pytest

import retold
from retold import Policy
from retold.testing import ManualClock
from tests.forms import drive

T = TypeVar("T")

plain = Policy(on=OSError, clock=ManualClock())
or_none = Policy(on=OSError, fallback=None, clock=ManualClock())
or_size = Policy(on=OSError, fallback=lambda error: len(str(error)), clock=ManualClock())


async def text_of(error: Exception) -> bytes:
    return str(error).encode()


or_awaited = Policy(on=OSError, fallback=text_of, clock=ManualClock())


def read(path: str, *, size: int = 1) -> str:
    return path * size


async def aread(path: str, *, size: int = 1) -> str:
    return path * size


def first(items: list[T]) -> T:
    return items[0]


@overload
def parse(text: str) -> int: ...
@overload
def parse(text: None) -> None: ...
def parse(text: str | None) -> int | None:
    return None if text is None else int(text)


class Client:
    @plain
    def get(self, path: str) -> str:
        return path

    @plain
    async def aget(self, path: str) -> str:
        return path

    @or_none
    def find(self, path: str) -> str:
        return path

    @classmethod
    @plain
    def make(cls, path: str) -> str:
        return path

    @staticmethod
    @plain
    def check(path: str) -> str:
        return path

    @plain
    @classmethod
    def make_below(cls, path: str) -> str:
        return path

    @plain
    @staticmethod
    def check_below(path: str) -> str:
        return path


def test_a_sync_function_keeps_its_signature() -> None:
    wrapped = plain(read)

    assert assert_type(wrapped("a", size=2), str) == "aa"
    with pytest.raises(TypeError):
        wrapped(size=2)  # type: ignore[call-arg]  # ty: ignore[missing-argument]


def test_an_async_function_keeps_its_signature() -> None:
    wrapped = plain(aread)

    assert assert_type(drive(wrapped("a", size=2)), str) == "aa"
    with pytest.raises(TypeError):
        drive(wrapped("a", length=2))  # type: ignore[call-arg]  # ty: ignore[unknown-argument]


def test_the_decorator_in_one_line_keeps_the_signature() -> None:
    @retold.retry(on=OSError)
    def written(path: str, /, *rest: int) -> list[str]:
        return [path, *map(str, rest)]

    assert assert_type(written("a", 1, 2), list[str]) == ["a", "1", "2"]


def test_methods_keep_their_signatures() -> None:
    client = Client()

    assert assert_type(client.get("a"), str) == "a"
    assert assert_type(drive(client.aget("a")), str) == "a"
    assert assert_type(Client.make("a"), str) == "a"
    assert assert_type(Client.check("a"), str) == "a"
    assert assert_type(Client.make_below("a"), str) == "a"
    assert assert_type(Client.check_below("a"), str) == "a"
    assert assert_type(client.find("a"), str | None) == "a"


def test_a_generic_function_stays_generic() -> None:
    wrapped = plain(first)

    assert assert_type(wrapped([1]), int) == 1
    assert assert_type(wrapped(["a"]), str) == "a"


def test_overloads_stay() -> None:
    wrapped = plain(parse)

    assert assert_type(wrapped("1"), int) == 1
    wrapped(None)


def test_a_fallback_of_none_adds_none() -> None:
    wrapped = or_none(read)

    assert assert_type(wrapped("a"), str | None) == "a"
    assert assert_type(drive(or_none(aread)("a")), str | None) == "a"


def test_a_fallback_adds_the_type_of_its_value() -> None:
    assert assert_type(or_size(read)("a"), str | int) == "a"
    assert assert_type(drive(or_size(aread)("a")), str | int) == "a"


def test_an_async_fallback_adds_the_type_of_what_it_awaits() -> None:
    assert_type(or_awaited, Policy[bytes])

    assert assert_type(drive(or_awaited(aread)("a")), str | bytes) == "a"


def test_a_policy_is_a_decorator_for_those_who_take_one() -> None:
    def decorate(decorator: Callable[[Callable[[str], str]], Callable[[str], str]]) -> str:
        return decorator(lambda path: path)("a")

    assert decorate(plain) == "a"


def test_an_async_function_still_makes_a_coroutine() -> None:
    made: Callable[[str], Coroutine[Any, Any, str]] = plain(aread)

    assert drive(made("a")) == "a"

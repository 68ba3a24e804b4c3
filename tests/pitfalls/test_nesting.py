"""Statements 37 and 59: a call inside of another is seen, told and warned about."""

import asyncio
import warnings
from typing import Any

import pytest
import trio

import retold
from retold import NestedRetryWarning, Policy
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk, attributes
from tests.forms import ASYNC_FORMS, FORMS, SYNC_FORMS, Failing, Form
from tests.looping import ASYNCIO, Library


def policy(operation: str, attempts: int) -> Policy[Any]:
    return Policy(on=OSError, attempts=attempts, backoff=0, operation=operation, clock=ManualClock())


def nested(outer: Form, inner: Form, work: Any, *, attempts: tuple[int, int] = (3, 4)) -> None:
    """Make a call of one form inside of one of the other."""
    outer.perform(policy("shop.order", attempts[0]), lambda: inner.perform(policy("shop.pay", attempts[1]), work))


@pytest.mark.parametrize("inner", SYNC_FORMS, ids=str)
@pytest.mark.parametrize("outer", FORMS, ids=str)
def test_37_how_deep_a_call_is_nested_is_on_its_span(outer: Form, inner: Form) -> None:
    sdk = Sdk()

    with retold.configure(exporters=[sdk.exporter()]):
        nested(outer, inner, Failing("page"))
    sdk.close()

    assert attributes(sdk.span("shop.pay"))["retold.call.depth"] == 1
    assert "retold.call.depth" not in attributes(sdk.span("shop.order"))


@pytest.mark.parametrize("exporters", [[], [MemoryExporter()]], ids=["untold", "told"])
@pytest.mark.parametrize("inner", SYNC_FORMS, ids=str)
@pytest.mark.parametrize("outer", FORMS, ids=str)
def test_59_retries_that_multiply_are_warned_about_once(outer: Form, inner: Form, exporters: list[Any]) -> None:
    work = Failing(OSError)

    with retold.configure(exporters=exporters), pytest.warns(NestedRetryWarning) as warned, pytest.raises(OSError):
        nested(outer, inner, work)

    assert work.runs == 12
    [warning] = warned
    assert str(warning.message).startswith("shop.pay retries inside of shop.order, which retries too: up to 3 x 4 ")


@pytest.mark.parametrize("inner", ASYNC_FORMS, ids=str)
@pytest.mark.parametrize("outer", ASYNC_FORMS, ids=str)
def test_59_also_where_they_await(outer: Form, inner: Form, library: Library) -> None:
    failing = Failing(OSError)

    async def work() -> Any:
        await library.sleep(0)
        return failing()

    async def order() -> Any:
        return await inner.awaiting(policy("shop.pay", 4), work)

    async def main() -> None:
        with pytest.raises(OSError):
            await outer.awaiting(policy("shop.order", 3), order)

    with pytest.warns(NestedRetryWarning, match="up to 3 x 4 attempts where one call was meant"):
        library.run(main)

    assert failing.runs == 12


@pytest.mark.parametrize("inner", ASYNC_FORMS, ids=str)
@pytest.mark.parametrize("outer", ASYNC_FORMS, ids=str)
def test_59_and_in_a_task_of_a_call_that_is_told(outer: Form, inner: Form, library: Library) -> None:
    async def work() -> Any:
        raise OSError

    async def pay() -> Any:
        with pytest.raises(OSError):
            await inner.awaiting(policy("shop.pay", 4), work)

    async def order() -> Any:
        if library is ASYNCIO:
            await asyncio.create_task(pay())
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pay)

    async def main() -> None:
        await outer.awaiting(policy("shop.order", 3), order)

    with retold.configure(exporters=["memory"]), pytest.warns(NestedRetryWarning):
        library.run(main)


@pytest.mark.parametrize("inner", SYNC_FORMS, ids=str)
@pytest.mark.parametrize("outer", FORMS, ids=str)
@pytest.mark.parametrize(
    ("attempts", "turns"), [((3, 4), ("page",)), ((1, 4), (OSError, "page")), ((3, 1), (OSError,))]
)
def test_59_what_does_not_multiply_is_left_in_peace(
    attempts: tuple[int, int], turns: tuple[object, ...], outer: Form, inner: Form
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            nested(outer, inner, Failing(*turns), attempts=attempts)
        except OSError:
            assert attempts == (3, 1)

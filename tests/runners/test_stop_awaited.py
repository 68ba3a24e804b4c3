"""Waits that await, ended by a stop of any kind, under asyncio and trio, whose time jumps from wait to wait."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from retold import Outcome, Policy
from retold.runners.stopping import INTERVAL
from retold.testing import MemoryExporter
from tests.forms import Failing, Form
from tests.looping import ASYNCIO, TRIO, Library


def awaited(work: Failing) -> Callable[[], Awaitable[Any]]:
    async def perform() -> Any:
        return work()

    return perform


async def beside(library: Library, other: Callable[[], Awaitable[None]], main: Callable[[], Awaitable[Any]]) -> Any:
    """What `main` returns while `other` runs beside it."""
    if library is TRIO:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            return await main()
    task = asyncio.ensure_future(other())
    try:
        return await main()
    finally:
        await task


class Predicate:
    """A function that says whether to stop."""

    def __init__(self) -> None:
        self.now = False

    def set(self) -> None:
        self.now = True

    def __call__(self) -> bool:
        return self.now


@pytest.mark.parametrize("kind", ["its-own", "threading", "predicate", "the-other-library-s"])
def test_a_wait_ends_at_once_or_shortly_after(
    kind: str, library: Library, async_form: Form, seen: MemoryExporter
) -> None:
    other = TRIO if library is ASYNCIO else ASYNCIO
    makers: dict[str, Any] = {
        "its-own": library.event,
        "threading": threading.Event,
        "predicate": Predicate,
        "the-other-library-s": other.event,
    }
    threads = threading.active_count()
    busy: list[int] = []

    async def main() -> tuple[float, str]:
        stop = makers[kind]()
        policy = Policy(on=OSError, attempts=None, stop=stop, backoff=3600)

        async def shut_down() -> None:
            await library.sleep(10)
            if library is ASYNCIO:
                busy.append(len(asyncio.all_tasks()))
            stop.set()

        async def call() -> str:
            with pytest.raises(OSError) as caught:
                await async_form.awaiting(policy, awaited(Failing(OSError)))
            return str(caught.value)

        began = library.now()
        raised = await beside(library, shut_down, call)
        return library.now() - began, raised

    took, raised = library.run(main)

    assert raised == "run 1"
    late = took - 10
    assert late == pytest.approx(0, abs=1e-6) if kind == "its-own" else 0 <= late <= INTERVAL + 1e-6
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.ABORTED, 1)
    assert threading.active_count() == threads
    assert set(busy) <= {2}  # this one and the one that calls


@pytest.mark.parametrize("kind", ["its-own", "threading"])
def test_a_wait_that_nobody_stops_is_as_long_as_it_should_be(kind: str, library: Library, async_form: Form) -> None:
    async def main() -> tuple[float, Any]:
        began = library.now()
        stop = library.event() if kind == "its-own" else threading.Event()
        policy = Policy(on=OSError, stop=stop, backoff=[2.33, 0])
        value = await async_form.awaiting(policy, awaited(Failing(OSError, OSError, "value")))
        return library.now() - began, value

    took, value = library.run(main)

    assert value == "value"
    assert took == pytest.approx(2.33, abs=1e-6)


def test_an_event_of_another_loop_is_noticed_all_the_same(async_form: Form, seen: MemoryExporter) -> None:
    stop = asyncio.Event()

    async def bind() -> None:
        try:
            async with asyncio.timeout(1):
                await stop.wait()
        except TimeoutError:
            pass

    async def main() -> float:
        asyncio.get_running_loop().call_later(10, stop.set)
        with pytest.raises(OSError):
            await async_form.awaiting(Policy(on=OSError, stop=stop, backoff=3600), awaited(Failing(OSError)))
        return ASYNCIO.now()

    ASYNCIO.run(bind)

    assert ASYNCIO.run(main) == pytest.approx(10 + INTERVAL / 2, abs=INTERVAL / 2 + 1e-6)
    assert seen.last.outcome is Outcome.ABORTED


@pytest.mark.parametrize("kind", ["its-own", "threading"])
def test_a_cancellation_passes_through_such_a_wait(
    kind: str, library: Library, async_form: Form, seen: MemoryExporter
) -> None:
    async def main() -> float:
        began = library.now()
        stop = library.event() if kind == "its-own" else threading.Event()
        call = async_form.awaiting(Policy(on=OSError, stop=stop, backoff=3600), awaited(Failing(OSError)))
        if library is TRIO:
            with trio.move_on_after(5) as scope:
                await call
            assert scope.cancelled_caught
        else:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5):
                    await call
        return library.now() - began

    assert library.run(main) == pytest.approx(5, abs=1e-6)
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.CANCELLED, 1)


def test_a_predicate_that_raises_in_a_wait_ends_the_call(
    library: Library, async_form: Form, seen: MemoryExporter
) -> None:
    asked: list[None] = []

    def broken() -> bool:
        asked.append(None)
        if len(asked) == 4:
            raise TimeoutError("a bug")
        return False

    async def main() -> BaseException:
        with pytest.raises(TimeoutError, match="a bug") as caught:
            await async_form.awaiting(Policy(on=OSError, stop=broken, backoff=3600), awaited(Failing(OSError("down"))))
        return caught.value

    error = library.run(main)

    assert isinstance(error.__context__, OSError)
    assert [call.outcome for call in seen.calls] == [Outcome.NOT_RETRYABLE]


def test_an_async_block_that_raises_what_would_end_its_loop_says_so() -> None:
    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(1, stop.set)
        async for attempt in Policy(on=StopAsyncIteration, stop=stop, backoff=5, operation="block"):
            with attempt:
                raise StopAsyncIteration("the user's")

    with pytest.raises(RuntimeError, match="the block raised StopAsyncIteration") as caught:
        ASYNCIO.run(main)

    assert str(caught.value.__cause__) == "the user's"

"""How many calls are around one that is told about: no more, and no fewer."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import retold
from retold import CallEnded, Exporter, Policy
from retold.nesting import depth
from retold.settings import exporters_now
from retold.testing import ManualClock
from tests.forms import ASYNC_FORMS, FORMS, Form


class Depths(Exporter):
    """Asks, when a call of the operation `look` ends."""

    name = "depths"

    def __init__(self) -> None:
        self.seen: list[int] = []

    def call_ended(self, state: object, event: CallEnded) -> None:
        if event.operation == "look":
            self.seen.append(depth())


def policy(operation: str, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"clock": ManualClock(), "backoff": 0, **options}
    return Policy(on=OSError, operation=operation, **given)


def look() -> None:
    policy("look").call(lambda: None)


@pytest.fixture(params=[False, True], ids=["untold", "told"])
def depths(request: pytest.FixtureRequest) -> Iterator[Depths]:
    """Where nothing but the stack tells, and where live exporters are told."""
    made = Depths()
    with retold.configure(exporters=[made, "memory"] if request.param else [made]):
        yield made


def test_every_form_is_seen_in_every_other(depths: Depths, form: Form) -> None:
    for middle in FORMS:
        form.perform(policy("one"), lambda: middle.perform(policy("two"), look))  # noqa: B023

    assert depths.seen == [2] * len(FORMS)


def test_a_block_that_waits_is_one_call_to_its_clock(depths: Depths) -> None:
    class Calling(ManualClock):
        def sleep(self, seconds: float, /) -> None:
            look()

    for attempt in policy("order", clock=Calling(), backoff=1):
        with attempt:
            if attempt.number == 1:
                raise OSError

    assert depths.seen == [1]


def test_a_block_that_is_left_for_good_is_one_call_to_exporters(depths: Depths) -> None:
    class Calling(Exporter):
        live = True

        def call_ended(self, state: object, event: CallEnded) -> None:
            if event.operation == "order":
                look()

    with retold.configure(exporters=[depths, Calling()]):
        for attempt in policy("order"):
            if attempt.number == 1:
                with attempt:
                    raise OSError
            break

    assert depths.seen == [1]


def test_a_block_that_has_ended_is_around_nobody(depths: Depths) -> None:
    with threading.Lock():
        for attempt in policy("order"):
            with attempt:
                pass
        look()

    assert depths.seen == [0]


def test_a_block_in_a_generator_is_around_its_own_body_alone(depths: Depths) -> None:
    def pages() -> Iterator[int]:
        for attempt in policy("order"):
            with attempt:
                look()
                yield attempt.number

    for _ in pages():
        look()

    assert depths.seen == [1, 0]


def test_a_block_that_a_stack_enters_is_seen(depths: Depths) -> None:
    def pages() -> Iterator[int]:
        for attempt in policy("order"):
            with ExitStack() as stack:
                stack.enter_context(attempt)
                look()
                yield attempt.number

    for _ in pages():
        look()

    assert depths.seen == [1, 0]


def test_a_retried_generator_is_around_its_own_body_alone(depths: Depths) -> None:
    @policy("outer", generator="restart")
    @policy("inner", generator="restart")
    def pages() -> Iterator[int]:
        look()
        yield 1

    for _ in pages():
        look()

    assert depths.seen == [2, 0]


async def test_a_retried_async_generator_is_around_its_own_body_alone(depths: Depths) -> None:
    @policy("outer", generator="restart")
    @policy("inner", generator="restart")
    async def pages() -> AsyncIterator[int]:
        look()
        yield 1

    async for _ in pages():
        look()

    assert depths.seen == [2, 0]


def test_recursion_counts_every_call(depths: Depths) -> None:
    @policy("walk")
    def walk(levels: int) -> None:
        if levels:
            walk(levels - 1)
        else:
            look()

    walk(3)

    assert depths.seen == [4]


def test_an_attempt_that_is_handed_on_is_one_call(depths: Depths) -> None:
    def helped(attempt: retold.Attempt) -> None:
        with threading.Lock():
            assert attempt.number == 1
            look()

    for attempt in policy("order"):
        with attempt:
            helped(attempt)

    assert depths.seen == [1]


def test_another_thread_s_call_is_around_nobody_here(depths: Depths, form: Form) -> None:
    def order() -> None:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    form.perform(policy("order"), order)

    assert depths.seen == [0]


async def test_calls_in_tasks_beside_one_another_are_not_nested(depths: Depths, async_form: Form) -> None:
    turn = asyncio.Event()

    async def waits() -> None:
        await turn.wait()

    async def looks() -> None:
        await asyncio.sleep(0)
        look()
        turn.set()

    await asyncio.gather(async_form.awaiting(policy("order"), waits), looks())

    assert depths.seen == [0]


@pytest.mark.parametrize("outer", ASYNC_FORMS, ids=str)
async def test_a_task_of_a_task_of_an_ended_call_is_on_its_own(depths: Depths, outer: Form) -> None:
    last: list[asyncio.Task[None]] = []
    ended = asyncio.Event()

    async def looks() -> None:
        await ended.wait()
        look()

    async def inner() -> None:
        last.append(asyncio.create_task(looks()))

    async def order() -> None:
        await outer.awaiting(policy("inner"), inner)

    await outer.awaiting(policy("order"), order)
    ended.set()
    await last[0]

    assert depths.seen == [0]


async def test_what_goes_on_in_a_task_is_inside_of_the_calls_that_go_on(depths: Depths) -> None:
    async def looks(ended: asyncio.Event) -> None:
        await ended.wait()
        look()

    async def order() -> None:
        ended = asyncio.Event()
        tasks: list[asyncio.Task[None]] = []

        async def inner() -> None:
            tasks.append(asyncio.create_task(looks(ended)))

        await policy("inner").acall(inner)
        ended.set()
        await tasks[0]

    await policy("order").acall(order)

    told = len(exporters_now()) == 2
    assert depths.seen == [int(told)]

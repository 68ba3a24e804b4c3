"""Time that passes only by waiting, or only by hand."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import trio

from retold import Policy
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form

Main = Callable[[], Coroutine[Any, Any, None]]


@pytest.fixture(params=[asyncio.run, trio.run], ids=["asyncio", "trio"])
def library(request: pytest.FixtureRequest) -> Callable[[Any], None]:
    """Runs a coroutine function of which it is handed the call."""
    if request.param is trio.run:
        return lambda main: trio.run(main)
    return lambda main: asyncio.run(main())


async def together(*tasks: Callable[[], Awaitable[None]]) -> None:
    """Run these in tasks of whichever library runs this."""
    try:
        running = asyncio.get_running_loop() is not None
    except RuntimeError:
        running = False
    if running:
        await asyncio.gather(*(task() for task in tasks))
        return
    async with trio.open_nursery() as nursery:
        for task in tasks:
            nursery.start_soon(task)


def test_time_passes_only_by_waiting_and_advancing() -> None:
    clock = ManualClock()

    clock.sleep(2)
    clock.advance(0.5)

    assert clock.now() == 2.5
    assert clock.waits == [2]


async def test_tasks_wait_on_it_too() -> None:
    clock = ManualClock()

    await clock.asleep(2)

    assert (clock.now(), clock.waits) == (2, [2])


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_time_never_goes_back(clock: ManualClock, seconds: float) -> None:
    with pytest.raises(ValueError, match=f"seconds of at least 0, not {seconds}"):
        clock.advance(seconds)

    assert clock.now() == 0


def test_a_policy_waits_on_it_and_not_in_reality(form: Form) -> None:
    clock = ManualClock()

    form.perform(Policy(on=OSError, backoff=[3600, 7200], clock=clock), Failing(OSError, OSError, "page"))

    assert clock.waits == [3600, 7200]


def test_in_a_with_it_is_the_clock_of_every_policy_that_has_none(form: Form, seen: MemoryExporter) -> None:
    own = ManualClock()
    policy = Policy(on=OSError, backoff=[3600, 7200], timeout=9000)

    with ManualClock() as clock:
        form.perform(policy, Failing(OSError, "page"))
        form.perform(policy.replace(clock=own), Failing(OSError, "page"))
        with pytest.raises(OSError):
            form.perform(policy, Failing(OSError))

    assert (clock.waits, own.waits) == ([3600, 3600], [3600])
    assert [call.outcome for call in seen.calls] == ["success", "success", "deadline_exceeded"]
    assert clock.now() == 7200


def test_a_deadline_sees_the_time_that_is_advanced(clock: ManualClock, seen: MemoryExporter) -> None:
    def slow() -> None:
        clock.advance(10)
        raise OSError

    with pytest.raises(OSError):
        Policy(on=OSError, timeout=10, backoff=0, clock=clock).call(slow)

    assert seen.last.outcome == "deadline_exceeded"


def test_held_tasks_wake_in_the_order_of_their_ends_each_when_the_one_before_has_run(
    library: Callable[[Main], None],
) -> None:
    for _ in range(5):  # trio shuffles
        clock = ManualClock(hold=True)
        woken: list[float] = []

        async def nap(seconds: float, clock: ManualClock = clock, woken: list[float] = woken) -> None:
            await clock.asleep(seconds)
            woken.append(seconds)

        async def test(clock: ManualClock = clock, woken: list[float] = woken) -> None:
            await clock.asettle(5)
            clock.advance(3)
            assert (clock.sleepers, woken) == (2, [])
            await clock.asettle(2)
            assert woken == [1, 2, 3]
            assert clock.advance_to_next() == 1
            await clock.asettle(1)
            assert woken == [1, 2, 3, 4]
            clock.advance(60)
            await clock.asettle(0)

        async def main(nap: Any = nap, test: Any = test) -> None:
            await together(*[lambda s=s: nap(s) for s in (4, 2, 5, 1, 3)], test)

        library(main)

        assert woken == [1, 2, 3, 4, 5]
        assert clock.waits.count(4) == 1
        assert (clock.now(), clock.sleepers) == (64, 0)


def test_calls_are_asleep_until_the_time_is_moved(library: Callable[[Main], None], seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, backoff=[10, 20], operation="shop.fetch")
    pages: list[object] = []

    async def fetch() -> None:
        work = Failing(OSError, OSError, "page")

        async def awaited() -> Any:
            return work()

        pages.append(await policy.acall(awaited))

    async def main() -> None:
        with ManualClock(hold=True) as clock:

            async def test() -> None:
                await clock.asettle(2)
                clock.advance(9.5)
                await clock.asettle(2)
                assert seen.delays == [10, 10]
                clock.advance(0.5)
                await clock.asettle(2)
                assert seen.delays == [10, 10, 20, 20]
                assert pages == []
                clock.advance(20)

            await together(fetch, fetch, test)

    library(main)

    assert pages == ["page", "page"]
    assert [call.delay_total for call in seen.calls] == [30, 30]


def test_a_held_wait_of_no_time_gives_other_tasks_a_turn(library: Callable[[Main], None]) -> None:
    clock = ManualClock(hold=True)
    turns: list[str] = []

    async def one(name: str) -> None:
        for _ in range(3):
            turns.append(name)
            await clock.asleep(0)

    async def main() -> None:
        await together(lambda: one("a"), lambda: one("b"))

    library(main)

    assert sorted(turns[:2]) == ["a", "b"]
    assert clock.now() == 0


async def test_a_held_task_that_is_cancelled_lets_the_others_wake() -> None:
    clock = ManualClock(hold=True)
    first, second = (asyncio.create_task(clock.asleep(seconds)) for seconds in (1, 2))
    await clock.asettle(2)

    clock.advance(3)
    first.cancel()
    await second

    with pytest.raises(asyncio.CancelledError):
        await first
    assert clock.sleepers == 0


def test_threads_are_held_too(sync_form: Form) -> None:
    clock = ManualClock(hold=True)
    policy = Policy(on=OSError, backoff=[10, 20], clock=clock)
    pages: list[object] = []

    def fetch() -> None:
        pages.append(sync_form.perform(policy, Failing(OSError, OSError, "page")))

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for seconds in (10, 20):
        clock.settle(2)
        assert pages == []
        clock.advance(seconds)
    clock.settle(0)
    for thread in threads:
        thread.join()

    assert pages == ["page", "page"]


async def test_small_steps_add_up() -> None:
    clock = ManualClock(hold=True)
    task = asyncio.create_task(clock.asleep(1))
    await clock.asettle()

    for _ in range(10):
        clock.advance(0.1)

    assert clock.now() < 1
    assert clock.sleepers == 0
    await task


async def test_the_next_one_is_not_who_is_to_wake_already() -> None:
    clock = ManualClock(hold=True)
    tasks = [asyncio.create_task(clock.asleep(seconds)) for seconds in (1, 3)]
    await clock.asettle(2)

    clock.advance(1)
    assert clock.advance_to_next() == 2

    with pytest.raises(LookupError, match="nobody is asleep"):
        clock.advance_to_next()
    await asyncio.gather(*tasks)


def test_a_held_thread_does_not_wait_for_no_time() -> None:
    clock = ManualClock(hold=True)

    clock.sleep(0)

    assert (clock.now(), clock.waits) == (0, [0])


def test_whether_it_holds_can_change() -> None:
    clock = ManualClock(hold=True)

    clock.hold = False
    clock.sleep(2)

    assert clock.now() == 2


def test_without_sleepers_there_is_no_next_one(clock: ManualClock) -> None:
    with pytest.raises(LookupError, match="nobody is asleep"):
        clock.advance_to_next()


async def test_who_does_not_fall_asleep_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retold.testing.clock._PATIENCE", 0.01)
    clock = ManualClock(hold=True)
    task = asyncio.create_task(clock.asleep(1))

    with pytest.raises(AssertionError, match=r"after 0.01 s 1 are asleep on this clock, not 2$"):
        await clock.asettle(2)

    clock.advance(1)
    with pytest.raises(AssertionError, match=r"0 are asleep on this clock, not 1, and 1 should have woken$"):
        clock.settle()
    await task


def test_the_memory_exporter_goes_by_this_name_here() -> None:
    from retold.exporters.memory import Memory

    assert MemoryExporter is Memory

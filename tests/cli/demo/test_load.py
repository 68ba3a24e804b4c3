"""The demo's load: as many papers as the rate says, never too many at once, and all of them seen to their end."""

import asyncio
import threading
import time
from functools import partial

import pytest

from retold.cli.demo import load, pipeline, threads
from retold.cli.demo.clock import StoppableClock, Stopped
from retold.cli.demo.load import Load
from retold.cli.demo.options import WORLDS
from retold.cli.demo.pipeline import STAGES, Pipeline, stages
from retold.cli.demo.threads import Threads
from retold.cli.demo.worlds.by_name import chosen
from retold.cli.demo.worlds.world import Paper


class FakeSteps:
    """Notes what is asked of it; the first step fails, and the last takes until the clock is stopped, or no time."""

    def __init__(self, clock: StoppableClock | None = None) -> None:
        self.asked: list[tuple[str, int]] = []
        self.each_was_asked = asyncio.Event()
        self._clock = clock

    async def fetch(self, paper: Paper) -> None:
        self.asked.append(("fetch", paper.number))
        raise OSError("the call gave up")

    async def summarise(self, paper: Paper) -> None:
        self.asked.append(("summarise", paper.number))
        self.each_was_asked.set()
        if self._clock:
            await self._clock.asleep(60.0)

    async def store(self, paper: Paper) -> None:
        self.asked.append(("store", paper.number))

    @property
    def pipeline(self) -> Pipeline:
        return Pipeline([[self.fetch], [self.summarise], [self.store]])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppableClock:
    clock = StoppableClock()
    monkeypatch.setattr(pipeline, "CLOCK", clock)
    monkeypatch.setattr(threads, "CLOCK", clock)
    return clock


async def test_begins_as_many_papers_as_the_rate_says_and_takes_each_through_all_stages(clock: StoppableClock) -> None:
    steps = FakeSteps()

    await Load(steps.pipeline, 100.0).run(0.08)

    assert sorted(steps.asked) == sorted((step, n) for step in ("fetch", "summarise", "store") for n in range(8))
    assert [step for step, number in steps.asked if number == 3] == ["fetch", "summarise", "store"]


async def test_steps_of_one_stage_are_done_at_once(clock: StoppableClock) -> None:
    both = asyncio.Barrier(2)

    async def step(_: Paper) -> None:
        await both.wait()

    await asyncio.wait_for(Load(Pipeline([[step, step]]), 100.0).run(0.01), 5.0)


async def test_begins_no_paper_before_its_time(clock: StoppableClock) -> None:
    began = time.monotonic()

    await Load(FakeSteps().pipeline, 100.0).run(0.08)

    assert time.monotonic() - began >= 0.07


async def test_without_a_duration_it_goes_on_until_it_is_stopped(clock: StoppableClock) -> None:
    steps = FakeSteps()
    running = Load(steps.pipeline, 500.0)
    run = asyncio.create_task(running.run(None))
    await steps.each_was_asked.wait()

    running.stop()
    await asyncio.wait_for(run, 5.0)


async def test_stopping_ends_the_waits_of_tasks_and_begins_no_further_step(clock: StoppableClock) -> None:
    steps = FakeSteps(clock)
    running = Load(steps.pipeline, 100.0)
    run = asyncio.create_task(running.run(None))
    await steps.each_was_asked.wait()

    running.stop()
    await asyncio.wait_for(run, 5.0)

    assert not [step for step, _ in steps.asked if step == "store"]


async def test_stopping_ends_the_waits_of_threads_and_has_no_other_begin(clock: StoppableClock) -> None:
    pool = Threads()
    waiting = asyncio.create_task(pool.do(partial(clock.sleep, 60.0)))
    name = await pool.do(lambda: threading.current_thread().name)

    clock.stop()

    assert name.startswith("demo_")
    with pytest.raises(Stopped):
        await waiting
    with pytest.raises(Stopped):
        await pool.do(list)
    pool.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("demo_")]


async def test_holds_papers_back_while_too_many_are_under_way(
    clock: StoppableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "MAX_UNDER_WAY", 2)
    monkeypatch.setattr(load, "_GRACE", 0.0)
    steps = FakeSteps(clock)
    running = Load(steps.pipeline, 500.0)

    await running.run(0.04)

    # The second step lasts, so the first papers are all that ever begin.
    assert sorted(steps.asked) == [("fetch", 0), ("fetch", 1), ("summarise", 0), ("summarise", 1)]
    assert running.held_back == 18


async def test_papers_that_outlive_the_grace_are_ended(clock: StoppableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_GRACE", 0.01)

    await asyncio.wait_for(Load(FakeSteps(clock).pipeline, 100.0).run(0.02), 5.0)

    with pytest.raises(Stopped):
        clock.sleep(60.0)
    with pytest.raises(Stopped):
        await clock.asleep(60.0)


def test_every_operation_of_every_world_has_its_stage() -> None:
    operations = [operation for world in chosen(WORLDS) for operation in world.operations]

    assert sorted(operations) == sorted(operation for stage in STAGES for operation in stage)


def test_worlds_that_are_left_out_leave_no_stage() -> None:
    async def step(_: Paper) -> None: ...

    assert stages({"papers.store": step, "papers.summarise": step}) == [[step], [step]]


async def test_a_wait_that_nobody_stops_lasts_its_time(clock: StoppableClock) -> None:
    began = clock.now()

    clock.sleep(0.01)
    await clock.asleep(0.01)

    assert clock.now() - began >= 0.02

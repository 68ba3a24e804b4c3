"""A pool of real workers in a real world: every paper is taken through, whoever is killed meanwhile."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import retold
from retold.cli.demo.clock import StoppableClock
from retold.cli.demo.pool import pool as module
from retold.cli.demo.pool.audience import Audience
from retold.cli.demo.pool.hired import Hired
from retold.cli.demo.pool.pool import OPERATION, Pool, PoolError
from retold.cli.demo.pool.worker import Job
from retold.cli.demo.tally import Tally
from retold.cli.demo.worlds.http.crawler import ROUTES
from retold.cli.demo.worlds.http.world import HttpWorld
from retold.cli.demo.worlds.world import Paper
from tests.cli.demo.worlds.playing import setting


class World:
    """The world of servers and a pool that calls it.

    Attributes:
        said: What the pool said.
        tally: Of all calls.
    """

    def __init__(self, folder: Path, failure_rate: float = 0.0) -> None:
        self.said: list[str] = []
        self.tally = Tally([*ROUTES, OPERATION], None)
        self._world = HttpWorld(setting(folder, failure_rate=failure_rate))
        self._folder = folder

    @asynccontextmanager
    async def workers(self, size: int) -> AsyncIterator[Pool]:
        with self._world as world, retold.configure(exporters=[self.tally]):
            world.wait_until_ready()
            world.begin()
            async with Pool(size, job(self._folder, http=world.ready), [self.tally], self.said.append) as pool:
                yield pool


def job(folder: Path, **worlds: dict[str, object]) -> Job:
    return Job(worlds=worlds, folder=str(folder), exporters=[], spans=None, metrics=str(folder / "metrics"))


async def until(claim: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not claim():  # noqa: ASYNC110 - of processes there is nothing to wait for
            await asyncio.sleep(0.01)


def taking(pool: Pool, papers: int) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(pool.take(Paper(number))) for number in range(papers)]


def under_way(pool: Pool) -> list[int]:
    return [len(worker.under_way) for worker in pool._workers]


async def test_workers_share_the_papers_and_both_sides_agree(tmp_path: Path, clock: StoppableClock) -> None:
    world = World(tmp_path)
    async with world.workers(2) as pool:
        await pool.wait_until_ready()
        papers = taking(pool, 10)
        await until(lambda: pool.handed == 10)
        assert under_way(pool) == [5, 5]
        await asyncio.gather(*papers)
        pool.check()

    assert (pool.handed, pool.done, pool.lost, world.said) == (10, 10, 0, [])
    assert {name: count.calls for name, count in world.tally.operations.items()} == {
        name: {"success": 10} for name in [*ROUTES, OPERATION]
    }
    verdict = pool.compare(world.tally.operations)
    assert (verdict.agree, verdict.told) == (True, "10 papers handed to workers, 10 taken through all worlds")
    assert verdict.answers == {OPERATION: {"done": 10, "lost": 0}}


async def test_papers_of_a_worker_that_is_killed_go_to_others(tmp_path: Path, clock: StoppableClock) -> None:
    world = World(tmp_path, failure_rate=0.5)
    async with world.workers(2) as pool:
        await pool.wait_until_ready()
        papers = taking(pool, 10)
        await until(lambda: pool.handed == 10)
        [first, _] = pool._workers

        pool.kill()
        await asyncio.gather(*papers)
        await pool.wait_until_ready()

        assert (first.status, len(pool._workers), first in pool._workers) == (-signal.SIGKILL, 2, False)

    assert (pool.handed, pool.done, pool.lost) == (15, 10, 5)
    assert world.said == [f"worker {first.pid} has ended with status -9, amid 5 papers"]
    assert world.tally.operations[OPERATION].attempts == {"error": 5, "success": 10}
    assert (world.tally.active, world.tally.waiting) == (0, 0)
    verdict = pool.compare(world.tally.operations)
    assert verdict.agree
    assert verdict.told.endswith(", 5 lost by workers that were killed")


async def test_a_difference_is_called_a_bug(tmp_path: Path, clock: StoppableClock) -> None:
    world = World(tmp_path)
    async with world.workers(1) as pool:
        await pool.take(Paper(1))

    verdict = pool.compare(Tally([OPERATION], None).operations)

    assert not verdict.agree
    assert verdict.told.endswith(", 1 taken through all worlds; but 0 attempts: they differ, which is a bug")


async def test_papers_wait_for_a_worker(tmp_path: Path, clock: StoppableClock) -> None:
    world = World(tmp_path)
    async with world.workers(1) as pool:
        pool.kill()  # nobody yet
        await asyncio.gather(*taking(pool, 3))

        assert pool.done == 3


async def test_stopping_ends_papers_that_wait_for_a_worker(tmp_path: Path, clock: StoppableClock) -> None:
    world = World(tmp_path)
    async with world.workers(1) as pool:
        papers = taking(pool, 3)
        await asyncio.sleep(0)

        pool.stop()
        await asyncio.wait_for(asyncio.gather(*papers), 5)

        assert (pool.handed, pool.done) == (0, 0)


async def test_stopping_ends_the_waits_of_workers(tmp_path: Path, clock: StoppableClock) -> None:
    world = World(tmp_path, failure_rate=1.0)
    async with world.workers(1) as pool:
        await pool.wait_until_ready()
        papers = taking(pool, 20)
        await until(lambda: world.tally.waiting > 0)

        pool.stop()
        await asyncio.wait_for(asyncio.gather(*papers), 10)

        assert pool.done == 20
    assert world.tally.operations["papers.fetch"].calls["cancelled"] > 0


async def test_a_worker_that_is_stuck_does_not_hold_up_the_end(
    tmp_path: Path, clock: StoppableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STOPPED_WITHIN", 0.1)
    world = World(tmp_path)
    async with world.workers(2) as pool:
        await pool.wait_until_ready()
        [worker, idle] = pool._workers
        os.kill(worker.pid, signal.SIGSTOP)
        papers = taking(pool, 1)
        await until(lambda: pool.handed == 1)

        pool.stop()
        await asyncio.wait_for(asyncio.gather(*papers), 10)

    assert (pool.lost, pool._workers) == (1, [])
    assert (worker.status, idle.status) == (-signal.SIGKILL, 0)


async def test_a_worker_that_does_not_end_is_ended(
    tmp_path: Path, clock: StoppableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CLOSED_WITHIN", 0.1)
    world = World(tmp_path)
    async with world.workers(1) as pool:
        await pool.wait_until_ready()
        [worker] = pool._workers
        os.kill(worker.pid, signal.SIGSTOP)

    assert (worker.status, worker.farewell, pool._workers) == (-signal.SIGKILL, None, [])


async def test_workers_that_do_not_start_are_told_of(
    tmp_path: Path, clock: StoppableClock, capfd: pytest.CaptureFixture[str]
) -> None:
    async with Pool(2, job(tmp_path, nowhere={}), [], lambda _: None) as pool:
        with pytest.raises(PoolError, match="a worker has ended with status 1 before it took a paper"):
            await pool.wait_until_ready()

    assert "KeyError: 'nowhere'" in capfd.readouterr().err


async def test_workers_that_are_killed_before_they_are_ready_are_replaced(
    tmp_path: Path, clock: StoppableClock
) -> None:
    async with World(tmp_path).workers(1) as pool:
        [worker] = pool._workers
        worker.kill()
        await asyncio.gather(*taking(pool, 1))

        assert (pool.done, worker in pool._workers) == (1, False)


async def test_a_sigint_does_not_end_a_worker_before_it_can_say_so(tmp_path: Path, clock: StoppableClock) -> None:
    async with World(tmp_path).workers(1) as pool:
        [worker] = pool._workers
        os.kill(worker.pid, signal.SIGINT)

        await pool.wait_until_ready()

        assert pool._workers == [worker]


async def test_workers_that_take_too_long_to_start_are_told_of(
    tmp_path: Path, clock: StoppableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_READY_WITHIN", 0.0)
    async with World(tmp_path).workers(1) as pool:
        with pytest.raises(PoolError, match="the workers were not ready after 0 s"):
            await pool.wait_until_ready()


@pytest.mark.parametrize("end", [signal.SIGCONT, signal.SIGKILL], ids=["done", "lost"])
async def test_papers_that_nobody_waits_for_any_more_harm_no_worker(
    tmp_path: Path, clock: StoppableClock, end: signal.Signals
) -> None:
    async with World(tmp_path).workers(1) as pool:
        await pool.wait_until_ready()
        [worker] = pool._workers
        os.kill(worker.pid, signal.SIGSTOP)
        [paper] = taking(pool, 1)
        await until(lambda: pool.handed == 1)

        paper.cancel()
        os.kill(worker.pid, end)
        await until(lambda: not worker.under_way)
        await pool.take(Paper(1))

        assert (pool.done, pool.lost) == (1, 0)


async def test_a_worker_that_cannot_be_started_leaves_no_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    opened = len(os.listdir("/proc/self/fd"))

    with pytest.raises(FileNotFoundError):
        Hired("", Audience([]), lambda _: None)

    assert len(os.listdir("/proc/self/fd")) == opened

"""A pool of worker processes that take papers; whoever is killed is replaced, and its papers go to others."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Self

from prometheus_client.multiprocess import mark_process_dead

import retold
from retold.cli.demo.clock import CLOCK, Stopped
from retold.cli.demo.pool.audience import Audience
from retold.cli.demo.pool.hired import Hired, WorkerLostError
from retold.cli.demo.pool.listener import Listener
from retold.cli.demo.pool.worker import Job
from retold.cli.demo.tally import Count
from retold.cli.demo.worlds.world import Paper, Verdict

OPERATION = "papers.process"

_KILLED = (-signal.SIGKILL, -signal.SIGTERM)
_READY_WITHIN = 30.0
_STOPPED_WITHIN = 10.0
_CLOSED_WITHIN = 5.0


class PoolError(RuntimeError):
    """Workers do not start."""


class Pool:
    """Workers that have been started; leaving its context ends them. For the event loop's thread.

    Args:
        size: How many there are at once.
        job: What each is told.
        listeners: Are told of all their calls, in threads.
        say: Takes a line for each worker that ends before its time.
        held: Descriptors that each has as long as it lives.

    Attributes:
        handed: Papers that were handed to a worker, once more for each time they were.
        done: Papers that were taken through.
        lost: Papers that were handed to a worker which ended before its time.
        spans_delivered: Spans that workers have delivered.
        spans_lost: Spans that they could not deliver. Neither is known of those that were killed.
    """

    def __init__(
        self,
        size: int,
        job: Job,
        listeners: Sequence[Listener],
        say: Callable[[str], None],
        held: Sequence[int] = (),
    ) -> None:
        self.handed = self.done = self.lost = self.spans_delivered = self.spans_lost = 0
        self._job = job
        self._listeners = listeners
        self._say = say
        self._held = held
        # Made here, for a run without workers is to have no metrics of this operation.
        self._processing = retold.Policy(on=WorkerLostError, attempts=3, backoff=0.1, operation=OPERATION, clock=CLOCK)
        self._failure = ""
        self._is_closing = False
        self._something_changed = asyncio.Event()
        self._workers: list[Hired] = []
        for _ in range(size):
            self._hire()

    async def wait_until_ready(self) -> None:
        """Wait until all workers take papers.

        Raises:
            PoolError: One has ended instead, or has taken too long.
        """
        try:
            async with asyncio.timeout(_READY_WITHIN):
                while len(self._ready) < len(self._workers):
                    self.check()
                    await self._change()
        except TimeoutError:
            raise PoolError(f"the workers were not ready after {_READY_WITHIN:g} s") from None

    async def take(self, paper: Paper) -> None:
        """Have a worker take a paper through all stages, and another one if it is killed meanwhile."""
        with suppress(WorkerLostError, Stopped):
            await self._processing.acall(self._process, paper)

    def stop(self) -> None:
        """Have all calls that wait end, wherever they do."""
        CLOCK.stop()
        self._something_changed.set()
        for worker in self._workers:
            worker.stop()
        # One that is stuck must not hold up the end.
        asyncio.get_running_loop().call_later(_STOPPED_WITHIN, self._kill_the_stuck)

    def kill(self) -> None:
        """Kill the worker that has most to do."""
        if self._ready:
            max(self._ready, key=_load).kill()

    def check(self) -> None:
        """See that workers can be had.

        Raises:
            PoolError: One has ended before it could take a paper.
        """
        if self._failure:
            raise PoolError(self._failure)

    def compare(self, operations: Mapping[str, Count]) -> Verdict:
        """Set what the workers did beside what was counted here."""
        attempts = operations[OPERATION].attempts
        told = f"{self.handed} papers handed to workers, {self.done} taken through all worlds"
        if self.lost:
            told += f", {self.lost} lost by workers that were killed"
        agree = attempts["success"] == self.done and attempts["error"] == self.lost
        if not agree:
            told += f"; but {attempts.total()} attempts: they differ, which is a bug"
        return Verdict(agree, told, {OPERATION: {"done": self.done, "lost": self.lost}})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_closing = True
        await asyncio.gather(*(worker.close(_CLOSED_WITHIN) for worker in list(self._workers)))

    async def _process(self, paper: Paper) -> None:
        done = (await self._free_worker()).take(paper)
        self.handed += 1
        try:
            await done
        except WorkerLostError:
            self.lost += 1
            raise
        self.done += 1

    async def _free_worker(self) -> Hired:
        """The one that has least to do."""
        while True:
            CLOCK.check()
            if self._ready:
                return min(self._ready, key=_load)
            await self._change()

    @property
    def _ready(self) -> list[Hired]:
        return [worker for worker in self._workers if worker.is_ready]

    async def _change(self) -> None:
        self._something_changed.clear()
        await self._something_changed.wait()

    def _hire(self) -> None:
        self._workers.append(Hired(str(self._job), Audience(self._listeners), self._changed, self._held))

    def _changed(self, worker: Hired) -> None:
        self._something_changed.set()
        if worker.status is None:
            return
        self._workers.remove(worker)
        mark_process_dead(worker.pid, self._job.metrics)  # type: ignore[no-untyped-call]
        if worker.farewell is not None:
            self.spans_delivered += worker.farewell.delivered
            self.spans_lost += worker.farewell.lost
        if self._is_closing or CLOCK.is_stopped:
            return
        if not (worker.is_ready or worker.status in _KILLED):
            self._failure = f"a worker has ended with status {worker.status} before it took a paper"
            return
        # So short that a screen of 80 columns has it whole.
        papers = f"{len(worker.under_way)} paper{'' if len(worker.under_way) == 1 else 's'}"
        self._say(f"worker {worker.pid} has ended with status {worker.status}, amid {papers}")
        self._hire()

    def _kill_the_stuck(self) -> None:
        for worker in self._workers:
            if worker.under_way:
                worker.kill()


def _load(worker: Hired) -> int:
    return len(worker.under_way)

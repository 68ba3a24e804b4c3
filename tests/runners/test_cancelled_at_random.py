"""Thousands of calls that are cancelled at random moments, and what has been told of them when all is quiet."""

import asyncio
import contextlib
import functools
import gc
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from random import Random
from typing import Any

import pytest
import trio
from prometheus_client import CollectorRegistry

import retold
from retold import Policy
from retold.exporters.prometheus import Prometheus
from retold.testing import MemoryExporter
from tests.exporters.sdk import Sdk
from tests.forms import ACALL, ARUN, ASYNC_DECORATOR, Form
from tests.laws.equations import assert_laws
from tests.looping import LIBRARIES, TRIO, Library, LoopClock
from tests.readings import Numbers, scraped_from, sum_of, told_to, without_limits

CALLS = 2500  # in each library, told and untold
TICK = 1 / 64  # seconds; few moments, so that much happens in the same turn of the loop
SPREAD = 1280  # ticks in which they begin
TICKS = (16, 32, 64)  # what an attempt, a wait or what is between may take
CANCELLATIONS = (asyncio.CancelledError, trio.Cancelled)
VICTIM: ContextVar["Victim"] = ContextVar("victim")


class Victim:
    """A call that always fails, takes a known time, and is cancelled at a random moment of it.

    Attributes:
        fell: Where the cancellation arrived: in an attempt, in a wait, or between them, which is in the caller's own
            code around a block's `with`, or in a fallback.
    """

    def __init__(self, library: Library, random: Random) -> None:
        self.library = library
        self.fell = ""
        self.form: Form | None = random.choice([ASYNC_DECORATOR, ACALL, ARUN, None])  # None is a block
        self.begins = random.randrange(SPREAD)
        self.attempts = random.randint(2, 3)
        self.has_fallback = self.form is not None and random.random() < 0.6
        # An attempt and a wait in turn, in a block with the caller's own code between them; and a fallback, or nothing.
        kinds = ["attempt", "between", "wait"] if self.form is None else ["attempt", "wait"]
        self.kinds = kinds * (self.attempts - 1) + ["attempt"] + ["between"] * self.has_fallback
        self.parts = [random.choice(TICKS) for _ in self.kinds]
        self.part = -1
        self.limit = random.choice([None, 100.0])
        self.cancelled_at = self.begins + self._moment(random)

    def _moment(self, random: Random) -> int:
        """A moment in an attempt, in a wait or between, or just when that ends."""
        kind = random.choice(["attempt", "wait", *["between"] * 2])
        if kind not in self.kinds:
            kind = random.choice(["attempt", "wait"])
        place = random.choice([place for place, each in enumerate(self.kinds) if each == kind])
        is_last = place == len(self.kinds) - 1
        return sum(self.parts[:place]) + random.randrange(self.parts[place] + (not is_last))

    async def call(self) -> None:
        """Make the call."""
        VICTIM.set(self)
        policy, decorated = used_by(self.library, self.attempts, self.limit, has_fallback=self.has_fallback)
        if self.form is ASYNC_DECORATOR:
            await decorated()
            return
        if self.form is not None:
            await self.form.awaiting(policy, fail)
            return
        async for attempt in policy:
            async with attempt:
                await fail()
            await self.spend("between")

    async def spend(self, where: str) -> None:
        """Let the time of the next part pass, and note if that is where the cancellation arrives."""
        self.part += 1
        try:
            await self.library.sleep(self.parts[self.part] * TICK)
        except CANCELLATIONS:
            self.fell = where
            raise


class VictimsClock(LoopClock):
    """The loop's clock, in whose waits the victim spends its time."""

    async def asleep(self, seconds: float, /) -> None:
        await VICTIM.get().spend("wait")


async def fail() -> None:
    """An attempt of the victim that runs."""
    await VICTIM.get().spend("attempt")
    raise OSError


async def fallback(error: Exception) -> None:
    """What is served in the end."""
    await VICTIM.get().spend("between")


@functools.cache
def used_by(
    library: Library, attempts: int, limit: float | None, *, has_fallback: bool
) -> tuple[Policy[Any], Callable[[], Awaitable[None]]]:
    """What victims that are alike share: a policy, and a function under it, whose later calls go shorter ways."""
    options: dict[str, Any] = {"fallback": fallback} if has_fallback else {}
    policy: Any = Policy(
        on=OSError,
        attempts=attempts,
        backoff=1,  # its clock knows better
        attempt_timeout=limit,
        operation="shop.fetch",
        clock=VictimsClock(library),
        **options,
    )
    return policy, policy(fail)


async def cancel_all(library: Library, victims: list[Victim]) -> None:
    """Have every victim make its call in a task of its own, and cancel it when its time has come."""
    began = library.now()

    async def until(tick: int) -> None:
        await library.sleep(began + tick * TICK - library.now())

    async def in_trio(victim: Victim) -> None:
        await until(victim.begins)
        with contextlib.suppress(OSError), trio.CancelScope(deadline=began + victim.cancelled_at * TICK):
            await victim.call()

    async def in_asyncio(victim: Victim) -> None:
        await until(victim.begins)
        task = asyncio.create_task(victim.call())
        asyncio.get_running_loop().call_at(began + victim.cancelled_at * TICK, task.cancel)
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await task

    if library is TRIO:
        async with trio.open_nursery() as nursery:
            for victim in victims:
                nursery.start_soon(in_trio, victim)
    else:
        await asyncio.gather(*map(in_asyncio, victims))


class Everybody:
    """Spans, metrics and events of every call."""

    def __init__(self) -> None:
        self.sdk, self.seen = Sdk(), MemoryExporter()
        self.exporters = [self.sdk.exporter(metrics=False), self.seen]

    def assert_told(self, numbers: Numbers) -> None:
        """What was told is what was counted, but for waits that were cut short, and every span has ended."""
        told, calls = told_to(self.seen), self.seen.calls
        for key in ("retold.retry.delay sum", "shop.fetch"), ("retold.retry.delay count", "shop.fetch"):
            told[key] = numbers[key]
        assert numbers == pytest.approx(told)
        assert sum(call.delay_total for call in calls) == pytest.approx(numbers["retold.retry.delay sum", "shop.fetch"])
        assert len(self.sdk.spans) == len(self.sdk.sampler.started) == CALLS + sum(call.attempts for call in calls)
        self.sdk.close()


class Nobody:
    """Calls are counted, and that is all."""

    exporters = ()

    def assert_told(self, numbers: Numbers) -> None:
        """Nothing."""


@pytest.mark.parametrize("told", [Everybody, Nobody])
@pytest.mark.parametrize("library", LIBRARIES, ids=str)
def test_whenever_calls_are_cancelled_the_laws_hold_in_the_end(
    library: Library, told: type[Everybody] | type[Nobody]
) -> None:
    random, registry, others = Random(11), CollectorRegistry(), told()
    victims = [Victim(library, random) for _ in range(CALLS)]

    with retold.configure(exporters=[Prometheus(registry), *others.exporters]):
        library.run(functools.partial(cancel_all, library, victims))
        gc.collect()  # blocks that were left between attempts end when their iterators go
        numbers = without_limits(scraped_from(registry))

    fell = Counter(victim.fell for victim in victims)
    assert min(fell["attempt"], fell["wait"], fell["between"]) >= CALLS / 5
    assert fell[""] < CALLS / 20  # those that had just ended
    assert_laws(numbers)
    assert sum_of(numbers, "retold.calls") == CALLS
    assert sum_of(numbers, "retold.calls", "cancelled") >= fell["attempt"] + fell["wait"]
    assert sum_of(numbers, "retold.attempts", "cancelled") == fell["attempt"]
    # A block's wait begins at the end of its `with`: one that is left after it is aborted there.
    interrupted = fell["wait"] + sum_of(numbers, "retold.calls", "aborted")
    assert sum_of(numbers, "retold.retry.delay count") == sum_of(numbers, "retold.attempts") - CALLS + interrupted
    others.assert_told(numbers)

"""Calls that are interrupted or cancelled, in blocks, inside of each other, side by side, beside broken exporters."""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from functools import partial
from typing import Any

from retold.errors import NestedRetryWarning
from retold.exporter import Exporter
from retold.settings import configure
from retold.testing.faults import Found
from retold.testing.lifecycle import Lifecycles
from retold.testing.stage import Failure, Play, meeting, side_by_side
from retold.testing.watched import Watched

CIRCUMSTANCES = Lifecycles()
CALLERS = 8


class Interrupt(KeyboardInterrupt):
    """As if somebody had pressed Ctrl-C."""


@CIRCUMSTANCES.called("a call is interrupted in an attempt")
def is_interrupted(found: Found, exporter: Watched) -> None:
    Play(found, "interrupted", Interrupt).call(Interrupt)
    Play(found, "interrupted", Failure, Interrupt).decorated(Interrupt)


@CIRCUMSTANCES.called("a call is interrupted in a wait")
def is_interrupted_in_a_wait(found: Found, exporter: Watched) -> None:
    class Interrupted(Play):
        def sleep(self, seconds: float, /) -> None:
            super().sleep(seconds)
            raise Interrupt

    Interrupted(found, "interrupted", Failure).call(Interrupt)


@CIRCUMSTANCES.called("a task is cancelled in an attempt")
def is_cancelled(found: Found, exporter: Watched) -> None:
    async def cancelled() -> None:
        play = Play(found, "cancelled")

        async def wait() -> None:
            running.set()
            await asyncio.Event().wait()

        running = asyncio.Event()
        call = play.expect_awaited(asyncio.CancelledError, lambda: play.policy().acall(wait))
        task = asyncio.create_task(call)
        await running.wait()
        task.cancel()
        await task

    asyncio.run(cancelled())


@CIRCUMSTANCES.called("a task is cancelled in a wait")
def is_cancelled_in_a_wait(found: Found, exporter: Watched) -> None:
    waiting = asyncio.Event()

    class Long(Play):
        async def asleep(self, seconds: float, /) -> None:
            await super().asleep(seconds)
            waiting.set()
            await asyncio.Event().wait()

    async def cancelled() -> None:
        task = asyncio.create_task(Long(found, "cancelled", Failure).acall(asyncio.CancelledError))
        await waiting.wait()
        task.cancel()
        await task

    asyncio.run(cancelled())


@CIRCUMSTANCES.called("blocks")
def blocks(found: Found, exporter: Watched) -> None:
    def block(play: Play) -> Any:
        page = None
        for attempt in play.policy(on_result=lambda page: page == ""):
            with attempt:
                page = play.work()
                attempt.set_result(page)
        return page

    async def awaited(play: Play) -> Any:
        page = None
        async for attempt in play.policy():
            with attempt:
                page = await play.work.awaited()
        return page

    for turns in (("page",), (Failure, "", "page")):
        play = Play(found, "block", *turns)
        play.expect("page", partial(block, play))
    play = Play(found, "block", Failure)
    play.expect(Failure, partial(block, play))
    play = Play(found, "block", Failure, "page")
    asyncio.run(play.expect_awaited("page", partial(awaited, play)))


@CIRCUMSTANCES.called("a block is left before its attempt ended")
def leaves_a_block(found: Found, exporter: Watched) -> None:
    play = Play(found, "left")

    def leave() -> None:
        attempts = iter(play.policy())
        next(attempts).__enter__()
        attempts.close()  # type: ignore[attr-defined] # it is a generator, which the collector would close later

    play.expect(None, leave)


@CIRCUMSTANCES.called("a call runs inside of another")
def nests(found: Found, exporter: Watched) -> None:
    def order(number: int) -> None:
        Play(found, "inner", Failure, "paid").decorated("paid")
        Play(found, "inner", Failure).call(Failure)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NestedRetryWarning)
        Play(found, "outer", Failure, Failure, "ordered", meanwhile=order).call("ordered")
        Play(found, "outer", Failure, meanwhile=order).decorated(Failure)


@CIRCUMSTANCES.called("calls of many threads at the same time")
def runs_in_threads(found: Found, exporter: Watched) -> None:
    meet = meeting(CALLERS)
    plays = [Play(found, f"thread-{each}", Failure, "page", meanwhile=meet) for each in range(CALLERS)]
    side_by_side(*(partial(play.call, "page") for play in plays))


@CIRCUMSTANCES.called("calls of many tasks at the same time")
def runs_in_tasks(found: Found, exporter: Watched) -> None:
    async def together() -> None:
        plays = [Play(found, f"task-{each}", Failure, Failure, "page") for each in range(CALLERS)]
        await asyncio.gather(*(play.acall("page") for play in plays))

    asyncio.run(together())


@CIRCUMSTANCES.called("other exporters are configured while a call runs")
def is_switched_off(found: Found, exporter: Watched) -> None:
    with contextlib.ExitStack() as until_then:

        def switch(number: int) -> None:
            if number == 1:
                until_then.enter_context(configure(exporters=[]))
            else:
                until_then.close()

        Play(found, "switched", Failure, "page", meanwhile=switch).call("page")


@CIRCUMSTANCES.called("exporters before and after it raise")
def stands_beside_others_that_raise(found: Found, exporter: Watched) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    def broken(*methods: str) -> Exporter:
        members = {"name": "check.broken", "live": exporter.live, **dict.fromkeys(methods, fail)}
        made: Exporter = type("Broken", (Exporter,), members)()
        return made

    at_once, later = broken("call_started"), broken("attempt_started", "attempt_ended", "retry_scheduled", "call_ended")
    with configure(exporters=[later, exporter, at_once]):
        Play(found, "beside", Failure, "page").call("page")
        Play(found, "beside", Failure).call(Failure)

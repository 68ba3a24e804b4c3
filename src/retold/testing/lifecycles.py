"""The ways in which calls go, all of which an exporter must be told of without doing wrong."""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias, TypeVar

from retold.core.budget import Budget
from retold.errors import Abort, NestedRetryWarning, RejectedResult
from retold.exporter import Exporter
from retold.settings import configure
from retold.testing.faults import Found
from retold.testing.stage import Failure, Play, meeting, side_by_side
from retold.testing.watched import Watched

Lifecycle: TypeAlias = Callable[[Found, Watched], None]
L = TypeVar("L", bound=Lifecycle)

LIFECYCLES: dict[str, Lifecycle] = {}
"""By what they are called in reports."""

CALLERS = 8


class Interrupt(KeyboardInterrupt):
    """As if somebody had pressed Ctrl-C."""


class Hostile(Failure):
    """An error that cannot be written."""

    def __str__(self) -> str:
        raise RuntimeError("this error has no text")

    __repr__ = __str__


def lifecycle(name: str) -> Callable[[L], L]:
    """Have the check go through this one too."""

    def add(play: L) -> L:
        LIFECYCLES[name] = play
        return play

    return add


@lifecycle("a call succeeds at once")
def succeeds(found: Found, exporter: Watched) -> None:
    Play(found, "succeeds", "page").call("page")
    Play(found, "succeeds", "page").decorated("page", timeout=60)
    asyncio.run(Play(found, "succeeds", "page").acall("page", attempts=None, timeout=60))


@lifecycle("a call recovers")
def recovers(found: Found, exporter: Watched) -> None:
    for _ in range(3):
        Play(found, "recovers", Failure, Failure, "page").call("page")
    Play(found, "recovers", Failure, Failure, "page").decorated("page")
    asyncio.run(Play(found, "recovers", Failure, Failure, "page").acall("page"))


@lifecycle("a call gives up: attempts_exhausted")
def exhausts_its_attempts(found: Found, exporter: Watched) -> None:
    Play(found, "attempts_exhausted", Failure).call(Failure)
    Play(found, "attempts_exhausted", Failure).decorated(Failure, attempts=1)
    asyncio.run(Play(found, "attempts_exhausted", Failure).acall(Failure))


@lifecycle("a call gives up: deadline_exceeded")
def exceeds_its_deadline(found: Found, exporter: Watched) -> None:
    Play(found, "deadline_exceeded", Failure).call(Failure, attempts=9, timeout=2.5)


@lifecycle("a call gives up: hint_refused")
def refuses_a_hint(found: Found, exporter: Watched) -> None:
    Play(found, "hint_refused", Failure).call(Failure, hint=lambda error: 3600.0)


@lifecycle("a call gives up: budget_exhausted")
def exhausts_its_budget(found: Found, exporter: Watched) -> None:
    budget = Budget("check", ratio=0.1, min_per_second=0, capacity=1)
    Play(found, "budget_exhausted", Failure).call(Failure, budget=budget)
    Play(found, "budget_exhausted", Failure).decorated(Failure, budget=budget)


@lifecycle("hints are followed, or are no usable numbers")
def follows_hints(found: Found, exporter: Watched) -> None:
    Play(found, "hint", Failure, "page").call("page", hint=lambda error: 2.5)
    Play(found, "hint", Failure, "page").call("page", hint=lambda error: "soon")


@lifecycle("a call gives up and is served a fallback")
def falls_back(found: Found, exporter: Watched) -> None:
    Play(found, "fallback", Failure).call(None, fallback=None)
    Play(found, "fallback", Failure).decorated("old page", fallback=lambda error: "old page")


@lifecycle("an error is not retried")
def meets_an_error_that_is_not_retried(found: Found, exporter: Watched) -> None:
    class Unexpected(Exception):
        pass

    Play(found, "not_retryable", Unexpected).call(Unexpected)
    Play(found, "not_retryable", Failure, Unexpected).decorated(Unexpected)


@lifecycle("results are rejected")
def rejects_results(found: Found, exporter: Watched) -> None:
    def is_empty(page: object) -> bool:
        return page == ""

    Play(found, "rejected", "", "page").call("page", on_result=is_empty)
    Play(found, "rejected", "").call(RejectedResult, on_result=is_empty)


@lifecycle("a call is aborted")
def is_aborted(found: Found, exporter: Watched) -> None:
    class Aborting(Abort):
        """Made without arguments, like every error of the check."""

        def __init__(self) -> None:
            super().__init__(KeyError())

    Play(found, "aborted", Abort).call(Abort)
    Play(found, "aborted", Failure, Aborting).decorated(KeyError)


@lifecycle("a call is interrupted in an attempt")
def is_interrupted(found: Found, exporter: Watched) -> None:
    Play(found, "interrupted", Interrupt).call(Interrupt)
    Play(found, "interrupted", Failure, Interrupt).decorated(Interrupt)


@lifecycle("a call is interrupted in a wait")
def is_interrupted_in_a_wait(found: Found, exporter: Watched) -> None:
    class Interrupted(Play):
        def sleep(self, seconds: float, /) -> None:
            super().sleep(seconds)
            raise Interrupt

    Interrupted(found, "interrupted", Failure).call(Interrupt)


@lifecycle("a task is cancelled in an attempt")
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


@lifecycle("a task is cancelled in a wait")
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


@lifecycle("blocks")
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


@lifecycle("a block is left before its attempt ended")
def leaves_a_block(found: Found, exporter: Watched) -> None:
    play = Play(found, "left")

    def leave() -> None:
        attempts = iter(play.policy())
        next(attempts).__enter__()
        attempts.close()  # type: ignore[attr-defined] # it is a generator, which the collector would close later

    play.expect(None, leave)


@lifecycle("a call runs inside of another")
def nests(found: Found, exporter: Watched) -> None:
    def order(number: int) -> None:
        Play(found, "inner", Failure, "paid").decorated("paid")
        Play(found, "inner", Failure).call(Failure)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NestedRetryWarning)
        Play(found, "outer", Failure, Failure, "ordered", meanwhile=order).call("ordered")
        Play(found, "outer", Failure, meanwhile=order).decorated(Failure)


@lifecycle("calls of many threads at the same time")
def runs_in_threads(found: Found, exporter: Watched) -> None:
    meet = meeting(CALLERS)
    plays = [Play(found, f"thread-{each}", Failure, "page", meanwhile=meet) for each in range(CALLERS)]
    side_by_side(*(partial(play.call, "page") for play in plays))


@lifecycle("calls of many tasks at the same time")
def runs_in_tasks(found: Found, exporter: Watched) -> None:
    async def together() -> None:
        plays = [Play(found, f"task-{each}", Failure, Failure, "page") for each in range(CALLERS)]
        await asyncio.gather(*(play.acall("page") for play in plays))

    asyncio.run(together())


@lifecycle("other exporters are configured while a call runs")
def is_switched_off(found: Found, exporter: Watched) -> None:
    with contextlib.ExitStack() as until_then:

        def switch(number: int) -> None:
            if number == 1:
                until_then.enter_context(configure(exporters=[]))
            else:
                until_then.close()

        Play(found, "switched", Failure, "page", meanwhile=switch).call("page")


@lifecycle("exporters before and after it raise")
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


@lifecycle("an error that cannot be written")
def meets_an_error_without_text(found: Found, exporter: Watched) -> None:
    Play(found, "hostile", Hostile, "page").call("page")
    Play(found, "hostile", Hostile).call(Hostile)

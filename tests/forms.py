"""The forms of a policy behind one face, so that one test runs on all of them."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

from retold import Policy, Report

T = TypeVar("T")
Work: TypeAlias = Callable[[], Any]
AsyncWork: TypeAlias = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Form:
    """One way to retry `work`.

    Attributes:
        name: The word for it.
        perform: Retries synchronous work, made awaitable if the form awaits.
        aperform: Retries asynchronous work; None if the form does not await.
    """

    name: str
    perform: Callable[[Policy[Any], Work], Any]
    aperform: Callable[[Policy[Any], AsyncWork], Awaitable[Any]] | None = None

    def __str__(self) -> str:
        return self.name

    async def awaiting(self, policy: Policy[Any], work: AsyncWork) -> Any:
        """Retry asynchronous work."""
        assert self.aperform is not None
        return await self.aperform(policy, work)


def _decorator(policy: Policy[Any], work: Work) -> Any:
    def decorated() -> object:
        return work()

    return policy(decorated)()


def _call(policy: Policy[Any], work: Work) -> Any:
    return policy.call(work)


def _run(policy: Policy[Any], work: Work) -> Any:
    return _unpacked(policy.run(work))


def _unpacked(report: Report[Any]) -> Any:
    if report.error is None:
        return report.value
    context = report.error.__context__
    try:
        raise report.error
    finally:
        BaseException.__setattr__(report.error, "__context__", context)
        del report, context  # else this frame would hold the error, whose traceback holds this frame


def _block(policy: Policy[Any], work: Work) -> Any:
    value = None
    for attempt in policy:
        with attempt:
            value = work()
            attempt.set_result(value)
    return value


async def _async_decorator(policy: Policy[Any], work: AsyncWork) -> Any:
    async def decorated() -> Any:
        return await work()

    return await policy(decorated)()


async def _acall(policy: Policy[Any], work: AsyncWork) -> Any:
    return await policy.acall(work)


async def _arun(policy: Policy[Any], work: AsyncWork) -> Any:
    return _unpacked(await policy.arun(work))


async def _async_block(policy: Policy[Any], work: AsyncWork) -> Any:
    value = None
    async for attempt in policy:
        with attempt:
            value = await work()
            attempt.set_result(value)
    return value


async def _async_with(policy: Policy[Any], work: AsyncWork) -> Any:
    value = None
    async for attempt in policy:
        async with attempt:
            value = await work()
            attempt.set_result(value)
    return value


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nobody, to its end; unlike a loop it adds nothing to what is raised."""
    while True:
        try:
            coroutine.send(None)
        except StopIteration as end:
            # In no variable: since Python 3.13 the frame of a coroutine that has ended leads to this one, so what is
            # reported with an exception, whose traceback leads there, would be held by itself.
            return cast("T", end.value)


def _driven(name: str, aperform: Callable[[Policy[Any], AsyncWork], Awaitable[Any]]) -> Form:
    def perform(policy: Policy[Any], work: Work) -> Any:
        async def awaited() -> Any:
            return work()

        async def main() -> Any:
            return await aperform(policy, awaited)

        return drive(main())

    return Form(name, perform, aperform)


DECORATOR = Form("decorator", _decorator)
CALL = Form("call", _call)
RUN = Form("run", _run)
BLOCK = Form("block", _block)
ASYNC_DECORATOR = _driven("async-decorator", _async_decorator)
ACALL = _driven("acall", _acall)
ARUN = _driven("arun", _arun)
ASYNC_BLOCK = _driven("async-block", _async_block)
ASYNC_WITH = _driven("async-with", _async_with)

SYNC_FORMS = (DECORATOR, CALL, RUN, BLOCK)
ASYNC_FORMS = (ASYNC_DECORATOR, ACALL, ARUN, ASYNC_BLOCK)
FORMS = SYNC_FORMS + ASYNC_FORMS
LIMITING_FORMS = (ASYNC_DECORATOR, ACALL, ARUN, ASYNC_WITH)  # those that can cut an attempt short
BLOCKS = (BLOCK, ASYNC_BLOCK)
FUNCTIONS = tuple(form for form in FORMS if form not in BLOCKS)


class Failing:
    """Work that raises, or returns, what it is given, in turn; the last for ever.

    Attributes:
        runs: How often it ran.
    """

    def __init__(self, *turns: object) -> None:
        self.turns = turns
        self.runs = 0

    def __call__(self) -> Any:
        turn = self.turns[min(self.runs, len(self.turns) - 1)]
        self.runs += 1
        if isinstance(turn, BaseException):
            raise turn
        if isinstance(turn, type) and issubclass(turn, BaseException):
            raise turn(f"run {self.runs}")
        return turn

"""The loop that awaits: the same as `sync`, line by line, but for the limit of an attempt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from retold.errors import RejectedResult
from retold.runners import stopping
from retold.runners.call import Call
from retold.runners.limit import Limit
from retold.runners.plan import Plan
from retold.runners.untold import Listeners, Untold

_retold_part = "loop"  # by which `nesting.stack` knows its frames


async def run(
    call: Call, function: Callable[..., Awaitable[Any]], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Run `function` until the call is over; return its result or raise its exception."""
    try:
        while True:
            if call.number:
                # Not in `except`, where the failed frames would be kept alive by the wait.
                if call.instead is None:
                    await pause(call)
                    call.woken()
                if call.instead is not None:
                    if call.fallback_due:
                        return await _serve_for_rejected(call)
                    with call.untouched():
                        raise call.take_replacement()
            call.start_attempt()
            try:
                if call.plan.rules.attempt_timeout is not None:
                    async with Limit(call):
                        result = await function(*args, **kwargs)
                else:
                    result = await function(*args, **kwargs)
            except BaseException as error:
                if call.failed(error):
                    if call.fallback_due:
                        return await _serve(call, error)
                    raise
            else:
                if call.returned(result):
                    return result
                del result
    finally:
        call.close()


def loop(plan: Plan) -> Callable[..., Awaitable[Any]]:
    """What runs the rest of a call under a policy that began untold: `run` without all that is unusual.

    It takes what the calls of the function share, the function, the seconds to wait after its first attempt, who heard
    of the call, when it began if anybody looked, and the arguments. It returns the function's result; where something
    unusual happens a `Call`, with which the wrapper calls `run`: two frames of ours are enough for a traceback.
    """
    clock, decide, now = plan.clock, plan.decide, plan.clock.now

    async def again(
        untold: Untold,
        function: Callable[..., Awaitable[Any]],
        delay: float,
        who: Listeners,
        began: float | None,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        page, number, waited, since = who.page, 1, 0.0, 0.0
        nested = (page is not None or untold.unlooked) and untold.look(page, began, delay)
        while True:
            if page is not None:
                since = now()
            try:
                await clock.asleep(delay)
            except BaseException:
                untold.interrupted(page, began, number, delay, since)
                raise
            if page is None:
                waited += delay
            else:
                woken = now()
                if delay:
                    page.wait_ended(woken - since)
                    waited += woken - since
                since = woken
            if nested and page is not None:
                nested = False
                page.nested_retried()
            number += 1
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                decided = None
                if page is None:
                    decided = decide(error, number, began, delay)
                    if type(decided) is float:
                        delay = decided
                        continue
                following = untold.failed(error, who, began, number, delay, waited, since, decided)
                if following is None:
                    raise
                if type(following) is not float:
                    break
                delay = following
            else:
                if page is not None:
                    untold.succeeded(page, began, number, since)
                return result
        return following

    return again


def pause(call: Call) -> Awaitable[None]:
    """The wait between two attempts."""
    return call.clock.asleep(call.delay) if call.plan.stopped is None else stopping.asleep(call)


async def _serve(call: Call, error: BaseException) -> Any:
    """The fallback's value in place of `error`, which is being handled: the context of what the fallback raises."""
    fallback = call.plan.rules.fallback
    value = fallback(error) if callable(fallback) else None
    import inspect  # slow to import, and whoever runs an event loop has done it

    if inspect.isawaitable(value):
        value = await value
    call.served()
    return value


async def _serve_for_rejected(call: Call) -> Any:
    try:
        raise call.take_replacement()
    except RejectedResult as error:
        return await _serve(call, error)

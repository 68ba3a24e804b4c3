"""The loop that awaits: the same as `sync`, line by line."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from retold.errors import RejectedResult
from retold.runners.call import Call


async def run(
    call: Call, function: Callable[..., Awaitable[Any]], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Run `function` until the call is over; return its result or raise its exception."""
    try:
        while True:
            if call.number:
                # Not in `except`, where the failed frames would be kept alive by the wait.
                if call.instead is not None:
                    if call.fallback_due:
                        return await _serve_for_rejected(call)
                    with call.untouched():
                        raise call.take_replacement()
                await call.clock.asleep(call.delay)
                call.slept()
            call.start_attempt()
            try:
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


async def _serve(call: Call, error: BaseException) -> Any:
    """The fallback's value in place of `error`, which is being handled: the context of what the fallback raises."""
    fallback = call.rules.fallback
    value = fallback(error) if callable(fallback) else None
    if inspect.isawaitable(value):
        value = await value
    call.served()
    return value


async def _serve_for_rejected(call: Call) -> Any:
    try:
        raise call.take_replacement()
    except RejectedResult as error:
        return await _serve(call, error)

"""The loop that blocks its thread."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from retold.errors import BlockingWarning, RejectedResult
from retold.runners.call import Call


def run(call: Call, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Run `function` until the call is over; return its result or raise its exception."""
    try:
        while True:
            if call.number:
                # Not in `except`, where the failed frames would be kept alive by the wait.
                if call.instead is not None:
                    if call.fallback_due:
                        return _serve_for_rejected(call)
                    with call.untouched():
                        raise call.take_replacement()
                pause(call)
                call.slept()
            call.start_attempt()
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                if call.failed(error):
                    if call.fallback_due:
                        return _serve(call, error)
                    raise
            else:
                if call.returned(result):
                    return result
                del result
    finally:
        call.close()


def pause(call: Call) -> None:
    """Wait between two attempts, and warn of it where it blocks an event loop."""
    if call.delay > 0 and "asyncio" in sys.modules:
        _warn_in_event_loop(call.operation)
    call.clock.sleep(call.delay)


def _serve(call: Call, error: BaseException) -> Any:
    """The fallback's value in place of `error`, which is being handled: the context of what the fallback raises."""
    fallback = call.rules.fallback
    value = fallback(error) if callable(fallback) else None
    call.served()
    return value


def _serve_for_rejected(call: Call) -> Any:
    try:
        raise call.take_replacement()
    except RejectedResult as error:
        return _serve(call, error)


_warned: set[str] = set()


def _warn_in_event_loop(operation: str) -> None:
    # The public `get_running_loop` raises where there is none, at a cost that every wait would pay.
    if sys.modules["asyncio"]._get_running_loop() is None or operation in _warned:
        return
    _warned.add(operation)
    warnings.warn(
        f"{operation} waits in a running event loop and blocks it: make the function async,"
        " use `async for` or `await policy.acall(...)`, or run it in a thread",
        BlockingWarning,
        stacklevel=_level_of_the_caller(),
    )


def _level_of_the_caller() -> int:
    """The `stacklevel` of the first frame that is not ours: how many are differs from form to form."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("retold."):
        frame, level = frame.f_back, level + 1
    return level

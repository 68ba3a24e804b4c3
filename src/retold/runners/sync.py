"""The loop that blocks its thread."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from sys import modules
from typing import Any

from retold.errors import BlockingWarning, RejectedResult
from retold.runners import clocks, stopping
from retold.runners.call import Call
from retold.runners.caller import level_of_the_caller
from retold.runners.clocks import LONGEST, SYSTEM_CLOCK, in_trio
from retold.runners.plan import Plan
from retold.runners.untold import Listeners, Untold

_retold_part = "loop"  # by which `nesting.stack` knows its frames


def run(call: Call, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Run `function` until the call is over; return its result or raise its exception."""
    try:
        while True:
            if call.number:
                # Not in `except`, where the failed frames would be kept alive by the wait.
                if call.instead is None:
                    pause(call)
                    call.woken()
                if call.instead is not None:
                    if call.fallback_due:
                        return _serve_for_rejected(call)
                    with call.untouched():
                        raise call.take_replacement()
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


def loop(plan: Plan) -> Callable[..., Any]:
    """What runs the rest of a call under a policy that began untold: `run` without all that is unusual.

    It takes what the calls of the function share, the function, the seconds to wait after its first attempt, who heard
    of the call, when it began if anybody looked, and the arguments. It returns the function's result; where something
    unusual happens a `Call`, with which the wrapper calls `run`: two frames of ours are enough for a traceback.
    """
    decide, now = plan.decide, plan.clock.now
    # The machine's clock sleeps by `time.sleep`, which tests replace; a call between would cost as much as a decision.
    sleep = None if plan.clock is SYSTEM_CLOCK else plan.clock.sleep

    def again(
        untold: Untold,
        function: Callable[..., Any],
        delay: float,
        who: Listeners,
        began: float | None,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        page, number, waited, since, unwarned = who.page, 1, 0.0, 0.0, True
        nested = (page is not None or untold.unlooked) and untold.look(page, began, delay)
        while True:
            if page is not None:
                since = now()
            if delay or sleep is not None:
                try:
                    if unwarned and delay:
                        unwarned = False
                        if clocks.running_loop() is not None or "trio" in modules:
                            _warn_in_event_loop(untold.operation)
                    if sleep is None:
                        time.sleep(delay if delay < LONGEST else LONGEST)
                    else:
                        sleep(delay)
                except BaseException:
                    untold.interrupted(page, began, number, delay, since)
                    raise
            if page is None:
                waited += delay
            elif delay:
                woken = now()
                page.wait_ended(woken - since)
                waited += woken - since
                since = woken
            if nested and page is not None:
                nested = False
                page.nested_retried()
            number += 1
            try:
                # An empty `**kwargs` costs as much as the rest of the call.
                result = function(*args, **kwargs) if kwargs else function(*args)
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


def pause(call: Call) -> None:
    """Wait between two attempts, and warn of it where it blocks an event loop."""
    if call.delay and (clocks.running_loop() is not None or "trio" in modules):
        _warn_in_event_loop(call.operation)
    if call.plan.stopped is None:
        call.clock.sleep(call.delay)
    else:
        stopping.sleep(call)


def _serve(call: Call, error: BaseException) -> Any:
    """The fallback's value in place of `error`, which is being handled: the context of what the fallback raises."""
    fallback = call.plan.rules.fallback
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
    if operation in _warned or (clocks.running_loop() is None and not in_trio()):
        return
    _warned.add(operation)
    warnings.warn(
        f"{operation} waits in a running event loop and blocks it: make the function async,"
        " use `async for` or `await policy.acall(...)`, or run it in a thread",
        BlockingWarning,
        stacklevel=level_of_the_caller(),
    )

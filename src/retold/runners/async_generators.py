"""Async generators that are retried: the same as `generators`, with `await`, and with `yield from` spelled out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

from retold.runners.aio import pause
from retold.runners.call import Call
from retold.runners.generators import Passing

_retold_part = "generator"  # by which `nesting.stack` knows its frames


def retried(
    begin: Callable[[], Call], function: Callable[..., AsyncGenerator[Any, Any]], *, opens: bool
) -> Callable[..., AsyncGenerator[Any, Any]]:
    """An async generator function like `function`, under a policy; its arguments are those of `generators.retried`."""

    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        call = begin()
        passing = Passing(call, opens=opens)
        current = passing.current
        given: Any = None
        try:
            while True:
                if call.number:
                    if call.instead is None:
                        await pause(call)
                        call.woken()
                    if call.instead is not None:
                        with call.untouched():
                            raise call.take_replacement()
                generator = function(*args, **kwargs)
                passing.start()
                step: Callable[[Any], Any] = generator.asend
                try:
                    while True:
                        try:
                            with current:
                                item = await step(given)
                        except StopAsyncIteration:
                            break
                        passing.got_item()
                        step, given = generator.asend, None
                        try:
                            given = yield item
                        except GeneratorExit:
                            passing.closing = True
                            with current:
                                await generator.aclose()
                            raise
                        except BaseException as error:  # noqa: BLE001 - it goes to the generator
                            passing.thrown = error
                            step, given = generator.athrow, error
                except BaseException as error:
                    given = None
                    if passing.failed(error):
                        raise
                else:
                    passing.succeeded()
                    return
                del generator, step
        finally:
            given = None
            call.close()

    return wrapper

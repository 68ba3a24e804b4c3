"""Generators that are retried: started anew, or opened until there is a first item.

A call lasts from the first `next` to the end of the generator, or to its first item (`opens`). Waits are in the
`next` of whoever iterates. `async_generators` is the same with `await`, but for `yield from`, which it has to spell.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from retold.events import Outcome
from retold.runners.call import Call
from retold.runners.current import Current
from retold.runners.sync import pause

_retold_part = "generator"  # by which `nesting.stack` knows its frames


class Passing:
    """One attempt at a generator: what goes between it and its consumer.

    Attributes:
        call: The call that the attempt belongs to.
        current: What is current in its steps.
        closing: Whether the consumer has closed it.
        thrown: What the consumer has thrown into it, until its next item.
    """

    __slots__ = ("_opens", "call", "closing", "current", "thrown")

    def __init__(self, call: Call, *, opens: bool) -> None:
        self.call = call
        self.current = Current()
        self._opens = opens
        self.closing = False
        self.thrown: BaseException | None = None

    def start(self) -> None:
        """The attempt begins."""
        with self.current.starting():
            self.call.start_attempt()

    def got_item(self) -> None:
        """The generator has yielded, which is the end where the policy is only to open it."""
        self.thrown = None
        if self._opens and not self.call.over:
            self.succeeded()

    def succeeded(self) -> None:
        """The attempt, and with it the call, is over."""
        self.thrown = None
        if not self.call.over:
            with self.current.ending():
                self.call.returned(None, judged=False)

    def failed(self, error: BaseException) -> bool:
        """The generator raised. Whether that ends the call, as what comes after its end or from the consumer does."""
        if self.call.over:
            return True
        if self.closing and isinstance(error, GeneratorExit):
            self.succeeded()
            return True
        final = self.closing or error is self.thrown
        self.thrown = None
        with self.current.ending():
            return self.call.failed(error, Outcome.NOT_RETRYABLE if final and isinstance(error, Exception) else None)


def retried(
    begin: Callable[[], Call], function: Callable[..., Generator[Any, Any, Any]], *, opens: bool
) -> Callable[..., Generator[Any, Any, Any]]:
    """A generator function like `function`, under a policy.

    Args:
        begin: Makes the call of each use.
        function: What is retried.
        opens: Whether the call ends with the first item; else with the end.
    """

    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        call = begin()
        passing = Passing(call, opens=opens)
        try:
            while True:
                if call.number:
                    if call.instead is None:
                        pause(call)
                        call.woken()
                    if call.instead is not None:
                        with call.untouched():
                            raise call.take_replacement()
                generator = function(*args, **kwargs)
                passing.start()
                try:
                    result = yield from _passed_on(generator, passing)
                except BaseException as error:
                    if passing.failed(error):
                        raise
                else:
                    passing.succeeded()
                    return result
                # Nothing of the failed attempt lives through the wait.
                del generator
        finally:
            call.close()

    return wrapper


def _passed_on(generator: Generator[Any, Any, Any], passing: Passing) -> Generator[Any, Any, Any]:
    """`yield from generator`, with what is current in the attempt around each step."""
    current = passing.current
    step: Callable[[Any], Any] = generator.send
    given: Any = None
    try:
        while True:
            try:
                with current:
                    item = step(given)
            except StopIteration as end:
                return end.value
            passing.got_item()
            step, given = generator.send, None
            try:
                given = yield item
            except GeneratorExit:
                passing.closing = True
                with current:
                    generator.close()
                raise
            except BaseException as error:  # noqa: BLE001 - it goes to the generator
                passing.thrown = error
                step, given = generator.throw, error
    finally:
        given = None  # else this frame would hold the error whose traceback holds it

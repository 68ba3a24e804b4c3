"""The block form: the caller's own loop, fed with attempts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Final

from retold.core.rules import MISSING
from retold.errors import AttemptTimeout, UsageError
from retold.events import Outcome
from retold.naming import name_in, name_of_block
from retold.nesting import Entered, Outer
from retold.runners import aio, audience, running, scopes, sync
from retold.runners.audience import Audience
from retold.runners.call import Call
from retold.runners.limit import Limit
from retold.runners.plan import Plan

_retold_part = "block"  # by which `nesting.stack` knows its frames

# An attempt's states. No enumeration: its members cost more to look up than all the rest of a block that succeeds.
_OFFERED: Final = "offered"
_RUNNING: Final = "running"
_FAILED: Final = "failed"
_DONE: Final = "done"
_GONE: Final = "gone"

_GENERATOR: Final = 0x20 | 0x200
"""What code says of itself that yields, in `co_flags`: what runs below a block there may be somebody else's."""


class Attempt(Entered):
    """One run of a block; the `with` around it, or `async with` in an `async for`, tells how it went.

    Leaving `with` without an exception is success. All attempts of a call are the same object, in turn.

    Attributes:
        number: 1 for the first attempt of the call.
        state: How far it has come; for the loop around it.
    """

    # There is a call from the first `__enter__` where somebody hears of it, else from the first failure.
    __slots__ = ("_call", "_listeners", "_place", "_plan", "_result", "number", "state")
    _call: Call | None
    _listeners: Audience

    def __init__(self, plan: Plan) -> None:
        self._plan = scopes.plan_now(plan) if audience.attended else plan
        self._call = None
        self.state = _OFFERED
        self._result: object = MISSING
        self.number = 1

    @property
    def remaining(self) -> int | None:
        """How many attempts may still follow this one; None if that is unlimited."""
        attempts = self._plan.rules.attempts
        return None if attempts is None else attempts - self.number

    @property
    def deadline(self) -> float | None:
        """The instant, on the policy's clock, after which no attempt starts; None without a timeout."""
        timeout = self._plan.rules.timeout
        if timeout is None:
            return None
        return timeout + (self._plan.clock.now() if self._call is None else self._call.started)

    def set_result(self, result: object) -> None:
        """Hand over the block's result, for `on_result` to judge when `with` is left. The last statement.

        Raises:
            RejectedResult: Not here but from the end of the `with`, when the last result is rejected too.
        """
        self._result = result

    def __enter__(self) -> Attempt:
        if self.state is not _OFFERED:
            raise self._misused()
        self.state = _RUNNING
        if running.asked:
            self._place = running.entered(self)
        call, listeners = self._call, None
        if call is None:
            listeners = audience.latest
            if listeners.asleep:
                listeners = audience.current()
            if self._plan.concerned:
                listeners = self._plan.begin(listeners)
            if listeners.unwanted is not None:
                listeners = listeners.for_call()
            if listeners.idle and self._plan.unheeding:
                self._listeners = listeners
                return self
            self._call = call = self._begin()
        with call:
            call.start_attempt(listeners)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        call, state, result = self._call, self.state, self._result
        self.state = _DONE
        if running.asked:
            self._forget_place()
        if call is None:
            if state is _GONE or (error is None and result is MISSING):
                return False
            self._call = call = self._begin()
            call.join(self._listeners, None, None)
        self._result = MISSING
        if call.over:
            return False
        with call:
            if error is None:
                call.returned(result, judged=result is not MISSING)
            else:
                call.failed(error)
        if call.outcome is None:
            self.state = _FAILED
            return True
        if call.instead is not None:
            # Else this frame would hold `Abort`, which holds the error whose traceback holds this frame.
            del error, traceback
            with call.untouched():
                raise call.take_replacement()
        return False

    async def __aenter__(self) -> Attempt:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        try:
            return self.__exit__(kind, error, traceback)
        finally:
            del error, traceback  # as above

    def next(self) -> Call:
        """The call whose wait comes before the next attempt.

        Raises:
            UsageError: The attempt was not run.
        """
        if self.state is not _FAILED:
            self.leave()
            raise UsageError("the loop came around without running its attempt: write `with attempt:` inside the `for`")
        assert self._call is not None  # it was made when the attempt failed
        return self._call

    def offer(self, call: Call) -> None:
        """The wait is over, and the next attempt may run, unless a stop has ended the call: then raise its error."""
        call.woken()
        if call.instead is not None:
            self.state = _DONE
            with call.untouched():
                raise call.take_replacement()
        self.state = _OFFERED
        self.number += 1

    def leave(self) -> None:
        """No further attempt will be asked for: a call that is not over is aborted."""
        if self._call is not None:
            self._call.close(Outcome.ABORTED)
        if self.state is not _DONE:
            self.state = _GONE
            # It may have been entered and never left, as when somebody is interrupted while he is told of its start.
            self._forget_place()

    def _forget_place(self) -> None:
        place = getattr(self, "_place", None)  # somebody may have asked first when it had been entered
        if place is not None:
            del self._place
            running.left(self, place)

    def _begin(self) -> Call:
        # Named only now: a block that succeeds at once and of which nobody hears needs no name.
        frame = sys._getframe(2)
        call = Call(self._plan, self._plan.rules.operation or name_of_block(frame))
        call.suspends = bool(frame.f_code.co_flags & _GENERATOR) or frame.f_globals.get("__name__") == "contextlib"
        return call

    def _outer(self, frame: FrameType) -> Outer | None:
        if self.state is not _RUNNING:
            return None
        rules = self._plan.rules
        return Outer(rules.operation or name_in(frame), rules.attempts)

    def _misused(self) -> UsageError:
        if self.state is _GONE:
            return UsageError("this attempt's call is over: keep the iterator until the block has run")
        return UsageError("an attempt is entered once: write `with attempt:` as the body of the `for`")


def attempts(plan: Plan) -> Iterator[Attempt]:
    """The attempts of one call, waiting between them."""
    attempt = Attempt(plan)
    try:
        yield attempt
        while attempt.state is not _DONE:
            call = attempt.next()
            with call:
                sync.pause(call)
                attempt.offer(call)
            yield attempt
    except GeneratorExit:
        attempt.leave()
        raise


class LimitedAttempt(Attempt):
    """An attempt whose time is limited, by a scope that spans the block: it takes `async with`."""

    __slots__ = ("_limit",)
    _limit: Limit

    def __enter__(self) -> Attempt:
        raise UsageError("a policy with attempt_timeout cancels what takes too long: write `async with attempt:`")

    async def __aenter__(self) -> Attempt:
        super().__enter__()
        assert self._call is not None  # a limit is somebody who hears of each call
        self._limit = Limit(self._call)
        await self._limit.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        try:
            await self._limit.__aexit__(kind, error, traceback)
        except AttemptTimeout as cut:
            if self.__exit__(type(cut), cut, cut.__traceback__):
                return True
            raise
        return self.__exit__(kind, error, traceback)


class AsyncAttempts:
    """The attempts of one call, awaiting between them.

    No asynchronous generator: the event loop would close an abandoned one late, and in another task.
    """

    __slots__ = ("_attempt", "_begun")

    def __init__(self, plan: Plan) -> None:
        self._attempt = Attempt(plan) if plan.rules.attempt_timeout is None else LimitedAttempt(plan)
        self._begun = False

    def __aiter__(self) -> AsyncAttempts:
        return self

    async def __anext__(self) -> Attempt:
        if not self._begun:
            self._begun = True
            return self._attempt
        if self._attempt.state is _DONE:
            raise StopAsyncIteration
        call = self._attempt.next()
        with call:
            await aio.pause(call)
            try:
                self._attempt.offer(call)
            except StopAsyncIteration as error:  # else the loop would end in silence
                raise RuntimeError("the block raised StopAsyncIteration") from error
        return self._attempt

    def __del__(self) -> None:
        self._attempt.leave()

"""The block form: the caller's own loop, fed with attempts."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from types import TracebackType

from retold.core.rules import MISSING, Rules
from retold.errors import UsageError
from retold.events import Outcome
from retold.runners import sync
from retold.runners.call import Call


class _State(Enum):
    OFFERED = "offered"
    RUNNING = "running"
    FAILED = "failed"
    DONE = "done"


class Attempt:
    """One run of a block; the `with` around it tells how it went.

    Leaving `with` without an exception is success. All attempts of a call are the same object, in turn.

    Attributes:
        number: 1 for the first attempt of the call.
    """

    __slots__ = ("_call", "_result", "_state", "number")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._state = _State.OFFERED
        self._result: object = MISSING
        self.number = 1

    @property
    def remaining(self) -> int | None:
        """How many attempts may still follow this one; None if that is unlimited."""
        attempts = self._call.rules.attempts
        return None if attempts is None else attempts - self.number

    @property
    def deadline(self) -> float | None:
        """The instant, on the policy's clock, after which no attempt starts; None without a timeout."""
        timeout = self._call.rules.timeout
        if timeout is None:
            return None
        return timeout + (self._call.started if self._call.number else self._call.clock.now())

    def set_result(self, result: object) -> None:
        """Hand over the block's result, for `on_result` to judge when `with` is left. The last statement.

        Raises:
            RejectedResult: Not here but from the end of the `with`, when the last result is rejected too.
        """
        self._result = result

    def __enter__(self) -> Attempt:
        if self._call.over:
            raise UsageError("this attempt's call is over: keep the iterator until the block has run")
        if self._state is not _State.OFFERED:
            raise UsageError("an attempt is entered once: write `with attempt:` as the body of the `for`")
        self._state = _State.RUNNING
        with self._call:
            self._call.start_attempt()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        call = self._call
        self._state = _State.DONE
        result, self._result = self._result, MISSING
        if call.over:
            return False
        with call:
            if error is None:
                call.returned(result, judged=result is not MISSING)
            else:
                call.failed(error)
        if call.outcome is None:
            self._state = _State.FAILED
            return True
        if call.instead is not None:
            # Else this frame would hold `Abort`, which holds the error whose traceback holds this frame.
            del error, traceback
            with call.untouched():
                raise call.take_replacement()
        return False

    def goes_on(self) -> bool:
        """Whether to wait for another attempt, which then has the next number.

        Raises:
            UsageError: The attempt was not run.
        """
        if self._state is _State.DONE:
            return False
        if self._state is not _State.FAILED:
            self._call.close(Outcome.ABORTED)
            raise UsageError("the loop came around without running its attempt: write `with attempt:` inside the `for`")
        self._state = _State.OFFERED
        self.number += 1
        return True


def attempts(rules: Rules, operation: str) -> Iterator[Attempt]:
    """The attempts of one call, waiting between them."""
    call = Call(rules, operation)
    attempt = Attempt(call)
    try:
        while True:
            yield attempt
            if not attempt.goes_on():
                return
            with call:
                sync.pause(call)
                call.slept()
    finally:
        call.close(Outcome.ABORTED)


class AsyncAttempts:
    """The attempts of one call, awaiting between them.

    No asynchronous generator: the event loop would close an abandoned one late, and in another task.
    """

    __slots__ = ("_attempt", "_begun", "_call")

    def __init__(self, rules: Rules, operation: str) -> None:
        self._call = Call(rules, operation)
        self._attempt = Attempt(self._call)
        self._begun = False

    def __aiter__(self) -> AsyncAttempts:
        return self

    async def __anext__(self) -> Attempt:
        if not self._begun:
            self._begun = True
            return self._attempt
        if not self._attempt.goes_on():
            raise StopAsyncIteration
        with self._call:
            await self._call.clock.asleep(self._call.delay)
            self._call.slept()
        return self._attempt

    def __del__(self) -> None:
        self._call.close(Outcome.ABORTED)

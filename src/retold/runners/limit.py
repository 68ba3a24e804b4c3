"""The time that one attempt may take: a scope of asyncio's or trio's, in the task itself."""

from __future__ import annotations

from sys import modules
from types import TracebackType
from typing import Any

from retold.runners.call import Call
from retold.runners.clocks import in_trio


class Limit:
    """In an `async with`, what takes too long is cancelled, and that is an `AttemptTimeout`.

    How long that is the running loop's clock measures, whatever clock the policy has. A cancellation from outside stays
    one, also in the same turn of the loop; so does whatever the attempt raises itself.
    """

    __slots__ = ("_call", "_last", "_scope", "_seconds")
    _scope: Any

    def __init__(self, call: Call) -> None:
        rules = call.plan.rules
        assert rules.attempt_timeout is not None
        self._call = call
        self._seconds, self._last = rules.attempt_timeout, False
        if rules.timeout is not None:
            left = max(0.0, rules.timeout - (call.clock.now() - call.started))
            if left < self._seconds:
                self._seconds, self._last = left, True

    async def __aenter__(self) -> None:
        if in_trio():
            self._scope = modules["trio"].move_on_after(self._seconds)
            self._scope.__enter__()
            return
        import asyncio

        self._scope = asyncio.timeout(self._seconds)
        await self._scope.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if await self._is_cut(kind, error, traceback):
            raise self._call.cut_short(self._seconds, last=self._last) from error

    async def _is_cut(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """Leave the scope. Whether what is raised in it is its own cancellation."""
        if not hasattr(self._scope, "__aexit__"):
            return bool(self._scope.__exit__(kind, error, traceback)) and error is not None
        try:
            await self._scope.__aexit__(kind, error, traceback)
        except TimeoutError:  # in place of the cancellation; all else that is raised just passes
            return True
        return False

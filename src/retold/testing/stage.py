"""Where an exporter is checked: calls whose course is known beforehand, and that are looked at on the way."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias
from weakref import ref

from retold.policy import Policy
from retold.testing.clock import ManualClock
from retold.testing.faults import Found

Turn: TypeAlias = object
"""What one run of the function does: raise this type of error, or return this value."""

UNTOUCHED = "a call returns or raises what it would without exporters"
_RESTORED = "what was made current is restored before a wait and at the end"
FORGOTTEN = "errors are not kept beyond the telling, for they hold the failed frames"


class Failure(Exception):
    """What the functions of the check raise, and its policies retry."""


class Local:
    """Something that lives in a frame that fails."""


class Work:
    """A function that takes its turns, the last for ever, and remembers without holding what it raised.

    Attributes:
        meanwhile: Told the number of every run, before its turn.
    """

    def __init__(self, turns: Sequence[Turn], meanwhile: Callable[[int], None] = lambda number: None) -> None:
        self.meanwhile = meanwhile
        self._turns = turns
        self._runs = 0
        self._remembered: list[ref[Any]] = []

    def __call__(self) -> Any:
        self._runs += 1
        turn = self._turns[min(self._runs, len(self._turns)) - 1]
        self.meanwhile(self._runs)
        local = Local()
        self._remembered.append(ref(local))
        if isinstance(turn, type) and issubclass(turn, BaseException):
            raise self._made(turn)
        return turn

    async def awaited(self) -> Any:
        """The same in a task, where others have their turns meanwhile."""
        await asyncio.sleep(0)
        return self()

    def is_remembered(self) -> bool:
        """Whether anything of the failed runs is still alive."""
        return any(remembered() is not None for remembered in self._remembered)

    def _made(self, kind: type[BaseException]) -> BaseException:
        error = kind()
        self._remembered.append(ref(error))
        return error


class Play(ManualClock):
    """One call, and its clock: no time passes, and every wait is a time to look.

    Args:
        found: Where what is wrong goes.
        name: The call's operation.
        turns: What its attempts do.
        meanwhile: Told the number of every attempt while it runs.
    """

    def __init__(
        self, found: Found, name: str, *turns: Turn, meanwhile: Callable[[int], None] = lambda number: None
    ) -> None:
        super().__init__()
        self.work = Work(turns, meanwhile)
        self._found = found
        self._name = name
        self._context: dict[Any, Any] = {}

    def policy(self, **options: Any) -> Policy[Any]:
        """Three attempts, a wait of 1 s between them, unless the options say otherwise."""
        given: dict[str, Any] = {"on": Failure, "backoff": 1.0, "operation": f"check.{self._name}", "clock": self}
        return Policy(**given | options)

    def sleep(self, seconds: float, /) -> None:
        self._look()
        super().sleep(seconds)

    async def asleep(self, seconds: float, /) -> None:
        self._look()
        await asyncio.sleep(0)
        super().sleep(seconds)

    def expect(self, result: Turn, perform: Callable[[], Any]) -> None:
        """Have it performed, and see that it returns, or raises, `result`."""
        self._context = _context()
        try:
            happened: object = perform()
        except BaseException as error:  # noqa: BLE001 - some calls are cancelled
            happened = type(error)
        self._over(result, happened)

    async def expect_awaited(self, result: Turn, perform: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """The same in a task."""
        self._context = _context()
        try:
            happened: object = await perform()
        except BaseException as error:  # noqa: BLE001 - some calls are cancelled
            happened = type(error)
        self._over(result, happened)

    def call(self, result: Turn, **options: Any) -> None:
        """As `policy.call`."""
        self.expect(result, lambda: self.policy(**options).call(self.work))

    def decorated(self, result: Turn, **options: Any) -> None:
        """As a decorated function."""

        def fetch() -> Any:
            return self.work()

        self.expect(result, self.policy(**options)(fetch))

    async def acall(self, result: Turn, **options: Any) -> None:
        """As `policy.acall`."""
        await self.expect_awaited(result, lambda: self.policy(**options).acall(self.work.awaited))

    def _over(self, result: Turn, happened: object) -> None:
        if happened is not result:
            self._found.add(UNTOUCHED, f"it was {happened!r} in place of {result!r}")
        self._look()

    def _look(self) -> None:
        for variable in _changed(self._context):
            self._found.add(_RESTORED, f"the context variable {variable!r} is not what it was before the call")
        if self.work.is_remembered():
            self._found.add(FORGOTTEN, "an error, or a frame that failed, is alive after its attempt")


def meeting(callers: int) -> Callable[[int], None]:
    """Has so many calls wait for one another in every attempt; for a while, in case one of them does not come."""
    everyone = threading.Barrier(callers, timeout=5)

    def meet(number: int) -> None:
        everyone.wait()

    return meet


def side_by_side(*plays: Callable[[], None]) -> None:
    """All at the same time, in threads."""
    threads = [threading.Thread(target=play) for play in plays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _context() -> dict[Any, Any]:
    return dict(contextvars.copy_context())


def _changed(before: dict[Any, Any]) -> list[str]:
    """The names of variables that are no longer what they were."""
    now = _context()
    return sorted(
        {variable.name for variable in before.keys() | now.keys() if before.get(variable) is not now.get(variable)}
    )

"""What tests hold over calls for a while: `instant()` and `disabled()`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TypeVar, cast

from retold.core.ports import Clock
from retold.errors import UsageError
from retold.runners.clocks import SYSTEM_CLOCK
from retold.runners.scopes import Scope
from retold.wrapper import is_async, is_generator

Target = TypeVar("Target")


class Scoped:
    """A context manager, and a decorator of functions and coroutine functions, of which each call is in one of its own.

    It holds for the calls that begin inside, in this thread or task and in the tasks that it starts; not in other
    threads, unless they are handed the context, as `asyncio.to_thread` does. Inside of each other they add up.

    Args:
        name: What it is called.
        make: Makes what holds.
    """

    def __init__(self, name: str, make: Callable[[], Scope]) -> None:
        self._name = name
        self._make = make
        self._scope: Scope | None = None

    def __enter__(self) -> None:
        if self._scope is not None:
            raise UsageError(f"this {self._name} holds already: make another, as in `with {self._name}:`")
        scope = self._make()
        scope.enter()
        self._scope = scope

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._scope is not None:
            self._scope.leave()
            self._scope = None

    def __call__(self, function: Target, /) -> Target:
        """Have it hold while the function runs: sync or async, method, `classmethod`, `staticmethod`, partial.

        Raises:
            TypeError: It is a class or a generator, of which it is not plain what runs inside, or no function.
        """
        return cast("Target", self._around(function))

    def _around(self, function: Any) -> Any:
        if isinstance(function, (classmethod, staticmethod)):
            return type(function)(self._around(function.__func__))
        if isinstance(function, functools.partialmethod):
            return functools.partialmethod(self._around(function.func), *function.args, **function.keywords)
        self._refuse(function)

        def held(*args: Any, **kwargs: Any) -> Any:
            with Scoped(self._name, self._make):
                return function(*args, **kwargs)

        async def aheld(*args: Any, **kwargs: Any) -> Any:
            with Scoped(self._name, self._make):
                return await function(*args, **kwargs)

        wrapper = aheld if is_async(function) else held
        return functools.wraps(function)(wrapper)

    def _refuse(self, function: object) -> None:
        if not callable(function):
            raise TypeError(f"@{self._name} takes a function, not {function!r}")
        if isinstance(function, type) or is_generator(function):
            raise TypeError(f"@{self._name} takes a function: write `with {self._name}:` inside of {function!r}")


def instant() -> Scoped:
    """Waits are skipped, and deadlines see them as passed: `with instant():` or `@instant()`.

    The time that is skipped counts for the policies of this thread or task alone: tasks at the same time do not take it
    from each other. Telemetry has the delays as if they had been waited. A policy that was given a clock keeps it. An
    awaited wait still gives other tasks a turn.
    """
    return Scoped("instant()", lambda: Scope(clock=_INSTANT))


def disabled() -> Scoped:
    """Every policy acts as with `attempts=1`: `with disabled():` or `@disabled()`.

    The function runs once and its own error is raised; a fallback is served, a rejected result raises
    `RejectedResult`, and telemetry tells all of it. `RETOLD_DISABLED=1` does the same to a whole process.
    """
    return Scoped("disabled()", lambda: Scope(disabled=True))


def within(clock: Clock) -> Scoped:
    """This is the clock of policies that were not given one."""
    return Scoped("within(clock)", lambda: Scope(clock=clock))


class _Instant:
    """The machine's clock, ahead by what was skipped in this context."""

    def now(self) -> float:
        return SYSTEM_CLOCK.now() + _skipped.get()

    def sleep(self, seconds: float, /) -> None:
        _skipped.set(_skipped.get() + seconds)

    async def asleep(self, seconds: float, /) -> None:
        self.sleep(seconds)
        await SYSTEM_CLOCK.asleep(0)


_INSTANT = _Instant()
_skipped: ContextVar[float] = ContextVar("retold_skipped", default=0.0)

"""The loops that async code runs in, behind one face, where time jumps to the end of the next wait."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import trio
from trio.testing import MockClock

T = TypeVar("T")
Main = Callable[[], Coroutine[Any, Any, T]]


@dataclass(frozen=True)
class Library:
    """What tests need of asyncio and of trio.

    Attributes:
        name: The word for it.
        run: Runs a coroutine function to its end.
        sleep, event, now: As it calls them.
    """

    name: str
    run: Callable[[Main[Any]], Any]
    sleep: Callable[[float], Awaitable[None]]
    event: Callable[[], Any]
    now: Callable[[], float]

    def __str__(self) -> str:
        return self.name


class _Selector(selectors.SelectSelector):
    """Lets the time of a wait pass at once, unless something is ready."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout is not None and timeout > 0:
            self.passed += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop of asyncio whose time passes only by waits."""

    def __init__(self) -> None:
        self._jumping = _Selector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since it was made."""
        return self._jumping.passed


def _run_in_asyncio(main: Main[T]) -> T:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main())


def _run_in_trio(main: Main[T]) -> T:
    value: T = trio.run(main, clock=MockClock(autojump_threshold=0))
    return value


ASYNCIO = Library("asyncio", _run_in_asyncio, asyncio.sleep, asyncio.Event, lambda: asyncio.get_running_loop().time())
TRIO = Library("trio", _run_in_trio, trio.sleep, trio.Event, trio.current_time)
LIBRARIES = (ASYNCIO, TRIO)


class LoopClock:
    """A policy's clock that is the running loop's, for calls that await."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def now(self) -> float:
        """The loop's time."""
        return self._library.now()

    def sleep(self, seconds: float, /) -> None:
        """Not for calls that block."""
        raise NotImplementedError

    def asleep(self, seconds: float, /) -> Awaitable[None]:
        """The loop's own sleep."""
        return self._library.sleep(seconds)

"""What the guard counts, in a process of its own: `python -m benchmarks.guarded`.

blocks CASE                   prints the blocks left behind and held, as JSON
calls CASE SUBJECT COUNT      calls, for valgrind to count
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from benchmarks import floors, ours
from benchmarks.subjects import Decorator, Function, returns, returns_async, returns_pair

SUBJECTS = ("closure", "retold")

_WARM_UP = 2000
_MANY = 20_000


@dataclass(frozen=True, slots=True)
class Case:
    """A way to call a function that succeeds at once.

    Attributes:
        target: What is called.
        spy: The same, but it returns how many blocks are allocated.
        repeat: Calls a function that often.
        closure: The plain decorator.
        retold: Makes Retold's, and sets up its exporters.
    """

    target: Function
    spy: Function
    repeat: Callable[[Function, int], object]
    closure: Decorator
    retold: Callable[[], Decorator]

    def wrapped(self, subject: str, function: Function) -> Function:
        """The function under one of `SUBJECTS`."""
        return self.closure(function) if subject == "closure" else self.retold()(function)


def _spy(a: object, b: object = 2) -> int:
    return sys.getallocatedblocks()


async def _spy_async(x: object) -> int:
    return sys.getallocatedblocks()


def _repeat(f: Function, count: int) -> object:
    result = None
    for _ in repeat(None, count):
        result = f(1)
    return result


def _repeat_keyword(f: Function, count: int) -> object:
    result = None
    for _ in repeat(None, count):
        result = f(1, b=2)
    return result


def _repeat_async(f: Function, count: int) -> object:
    return _driven(_awaiting(f, count))


async def _awaiting(f: Function, count: int) -> object:
    result = None
    for _ in repeat(None, count):
        result = await f(1)
    return result


def _driven(coroutine: Coroutine[Any, Any, object]) -> object:
    """What a coroutine returns that never waits."""
    waits: Generator[object, None, object] = coroutine.__await__()
    try:
        next(waits)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a call that succeeds at once must not wait")


def _silent() -> Decorator:
    ours.silent()
    return ours.plain()


def _with_timeout() -> Decorator:
    ours.silent()
    return ours.with_timeout()


CASES = {
    "success-sync": Case(returns, _spy, _repeat, floors.closure, _silent),
    "success-keyword": Case(returns_pair, _spy, _repeat_keyword, floors.closure, _silent),
    "success-async": Case(returns_async, _spy_async, _repeat_async, floors.closure_async, _silent),
    "success-timeout": Case(returns, _spy, _repeat, floors.closure, _with_timeout),
    "success-default": Case(returns, _spy, _repeat, floors.closure, ours.plain),
}


def _blocks(case: Case) -> dict[str, int]:
    function, spy = case.wrapped("retold", case.target), case.wrapped("retold", case.spy)
    for each in (function, spy, case.spy):
        case.repeat(each, _WARM_UP)
    return {"left_behind": _left_behind(case, function), "held": _held(case, spy)}


# Each number that is read is a block itself. The second time around, as many of them are alive at both readings.


def _left_behind(case: Case, function: Function) -> int:
    before = after = 0
    for count in (_WARM_UP, _MANY):
        before = sys.getallocatedblocks()
        case.repeat(function, count)
        after = sys.getallocatedblocks()
    return after - before


def _held(case: Case, spy: Function) -> int:
    alone = wrapped = 0
    for _ in range(2):
        alone = _seen(case, case.spy)
        wrapped = _seen(case, spy)
    return wrapped - alone


def _seen(case: Case, spy: Function) -> int:
    """Blocks that are allocated while `spy` runs."""
    seen = case.repeat(spy, 10)
    assert isinstance(seen, int)
    return seen


def main(arguments: list[str]) -> None:
    """Do what the arguments say."""
    # What only a collection would free counts as left behind. And a collection empties caches that calls fill again.
    gc.disable()
    case = CASES[arguments[1]]
    if arguments[0] == "blocks":
        print(json.dumps(_blocks(case)))
    else:
        case.repeat(case.wrapped(arguments[2], case.target), int(arguments[3]))


if __name__ == "__main__":
    main(sys.argv[1:])

"""What the guard counts, in a process of its own: `python -m benchmarks.guarded`.

blocks CASE     prints the blocks left behind and held, as JSON
calls CASE...   makes every one of `RUNS` in a child, for valgrind to count, and prints the child, the case and the run
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from functools import partial
from itertools import product, repeat
from typing import Any, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest

import retold
from benchmarks import floors, ours
from benchmarks.subjects import Decorator, Function, returns, returns_async, returns_pair
from retold.exporters.prometheus import Prometheus

Run: TypeAlias = tuple[str, int]
"""Who is called, and how often."""

SHORT, LONG = 1000, 11_000
RUNS: tuple[Run, ...] = tuple(product(("closure", "retold"), (SHORT, LONG)))

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
        read: Reads what was counted, if anything was.
    """

    target: Function
    spy: Function
    repeat: Callable[[Function, int], object]
    closure: Decorator
    retold: Callable[[], Decorator]
    read: Callable[[], object] = lambda: None


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


def _with_budget() -> Decorator:
    ours.silent()
    return ours.with_budget()


def _with_timeout() -> Decorator:
    ours.silent()
    return ours.with_timeout()


def _counted() -> Decorator:
    retold.configure(exporters=[Prometheus(_REGISTRY)])
    return ours.plain()


def _scrape() -> bytes:
    return generate_latest(_REGISTRY)


_REGISTRY = CollectorRegistry()

CASES = {
    "success-sync": Case(returns, _spy, _repeat, floors.closure, _silent),
    "success-keyword": Case(returns_pair, _spy, _repeat_keyword, floors.closure, _silent),
    "success-async": Case(returns_async, _spy_async, _repeat_async, floors.closure_async, _silent),
    "success-timeout": Case(returns, _spy, _repeat, floors.closure, _with_timeout),
    "success-budget": Case(returns, _spy, _repeat, floors.closure, _with_budget),
    "success-default": Case(returns, _spy, _repeat, floors.closure, ours.plain),
    "success-default-async": Case(returns_async, _spy_async, _repeat_async, floors.closure_async, ours.plain),
    "success-counted": Case(returns, _spy, _repeat, floors.closure, _counted, _scrape),
    "success-counted-async": Case(returns_async, _spy_async, _repeat_async, floors.closure_async, _counted, _scrape),
}


def _blocks(case: Case) -> dict[str, int]:
    decorate = case.retold()
    function, spy = decorate(case.target), decorate(case.spy)
    for each in (function, spy, case.spy):
        case.repeat(each, _WARM_UP)
    return {"left_behind": _left_behind(case, function), "held": _held(case, spy)}


# Each number that is read is a block itself, and what is freed may be kept for the next of its kind. After a few times
# around, as many blocks are alive at both readings.
_TIMES = 8


def _left_behind(case: Case, function: Function) -> int:
    before = after = 0
    for count in (*repeat(_WARM_UP, _TIMES), _MANY):
        before = _allocated(case)
        case.repeat(function, count)
        after = _allocated(case)
    return after - before


def _allocated(case: Case) -> int:
    case.read()
    return sys.getallocatedblocks()


def _held(case: Case, spy: Function) -> int:
    alone = wrapped = 0
    for _ in range(_TIMES):
        alone = _seen(case, case.spy)
        wrapped = _seen(case, spy)
    return wrapped - alone


def _seen(case: Case, spy: Function) -> int:
    """Blocks that are allocated while `spy` runs."""
    case.read()
    seen = case.repeat(spy, 1)
    assert isinstance(seen, int)
    return seen


def _call(case: Case, run: Run) -> None:
    subject, count = run
    decorate = case.closure if subject == "closure" else case.retold()
    case.repeat(decorate(case.target), count)


def _apart(work: Callable[[], None]) -> int:
    """Do it in a child that begins as this process is now; return which one it was."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"a child ended with {os.waitstatus_to_exitcode(status)}")
    return child


def main(arguments: list[str]) -> None:
    """Do what the arguments say."""
    # What only a collection would free counts as left behind. And a collection empties caches that calls fill again.
    gc.disable()
    what, *names = arguments
    if what == "blocks":
        print(json.dumps(_blocks(CASES[names[0]])))
        return
    for name, run in product(names, RUNS):
        print(_apart(partial(_call, CASES[name], run)), name, *run, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

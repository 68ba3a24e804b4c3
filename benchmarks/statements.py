"""Statements that are timed: each compiled into a loop of its own, as `timeit` does.

CPython specialises the call sites of each code object for what they call. A shared loop would be specialised for
the first contender and slow for the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from itertools import repeat
from textwrap import indent
from typing import Any, TypeAlias

from benchmarks.measure import Sample

TARGET = 0.002
"""Seconds that one sample takes, about."""

_COPIES = 5
"""How often a statement stands in the body of its loop, so that the loop itself costs little."""

_TEMPLATE = """\
{define} sample(_repeat, _timer{parameters}):
    _start = _timer()
    for _ in _repeat:
{body}
    return _timer() - _start
"""

Timer: TypeAlias = Callable[[], float]
_Timed: TypeAlias = Callable[[int], float]


def timed(statement: str, names: dict[str, Any], timer: Timer, *, copies: int = _COPIES) -> Sample:
    """A sample of a statement; `names` are its local variables."""
    function = _compiled("def", statement, names, copies)

    def run(count: int) -> float:
        seconds: float = function(repeat(None, count), timer, *names.values())
        return seconds

    return _calibrated(run, copies)


def timed_async(statement: str, names: dict[str, Any], timer: Timer, runner: asyncio.Runner) -> Sample:
    """The same for a statement that awaits: the loop is a coroutine, and starting it is not measured."""
    function: Callable[..., Coroutine[Any, Any, float]] = _compiled("async def", statement, names, _COPIES)

    def run(count: int) -> float:
        loops: Iterable[None] = repeat(None, count)
        return runner.run(function(loops, timer, *names.values()))

    return _calibrated(run, _COPIES)


def _compiled(define: str, statement: str, names: dict[str, Any], copies: int) -> Callable[..., Any]:
    source = _TEMPLATE.format(
        define=define,
        parameters="".join(f", {name}" for name in names),
        body=indent("\n".join([statement] * copies), " " * 8),
    )
    namespace: dict[str, Any] = {}
    exec(compile(source, "<benchmark>", "exec"), {}, namespace)
    function: Callable[..., Any] = namespace["sample"]
    return function


def _calibrated(run: _Timed, copies: int) -> Sample:
    """Repeat until a sample is long enough for the timer and short enough to be left alone by the machine."""
    count = 1
    while (seconds := run(count)) < TARGET / 2:
        count = max(count * 2, min(count * 10, int(count * TARGET / max(seconds, 1e-9))))
    count = max(1, round(count * TARGET / seconds))
    return lambda: run(count) / (count * copies)

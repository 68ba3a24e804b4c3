"""Which attempt code is in, for those below it who ask.

Nothing is kept for them: a function's attempt is found on the stack, as the frame of its wrapper or of the loop that
runs it. A block leaves no frame, so blocks write down where they are, from the moment that somebody has asked once.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Final, Protocol

from retold.runners import aio, sync
from retold.runners.plan import Plan


@dataclass(frozen=True, slots=True)
class CurrentAttempt:
    """The attempt that code is in.

    Attributes:
        number: 1 for the first attempt of the call.
        remaining: How many attempts may still follow this one; None if that is unlimited.
        deadline: The instant, on the policy's clock (`time.monotonic` unless it was given one), after which no attempt
            starts; None without a timeout.
    """

    number: int
    remaining: int | None
    deadline: float | None


class Place(Protocol):
    """What a block says of its attempt."""

    @property
    def number(self) -> int: ...
    @property
    def remaining(self) -> int | None: ...
    @property
    def deadline(self) -> float | None: ...


asked = False
"""Whether anybody has ever asked, so that blocks have to write down where they are."""

_blocks: dict[int, list[Place]] = {}
"""By the identity of a frame, which outlives its blocks, the attempts whose blocks it is in."""


def current_attempt() -> CurrentAttempt | None:
    """The innermost attempt that this code is in; None outside of any.

    It costs nothing unless it is used, for it looks at the stack of the thread or task: what the attempt has run in a
    thread or task of its own is not found to be in it. Of blocks (`for attempt in policy`) those are found that are
    entered after the first use in the process; code in the block itself has `attempt`.
    """
    global asked
    asked = True
    frame: FrameType | None = sys._getframe(1)
    above = ""
    while frame is not None:
        blocks = _blocks.get(id(frame))
        if blocks:
            inner = blocks[-1]
            return CurrentAttempt(inner.number, inner.remaining, inner.deadline)
        # Else it is not the function that runs, but what is decided or told of it.
        if not above.startswith("retold.") or above in _CALLED:
            found = _found(frame)
            if found is not None:
                return found
        above = frame.f_globals.get("__name__", "")
        frame = frame.f_back
    return None


def entered(attempt: Place) -> int:
    """A block is entered; returns what `left` wants to know."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") in _BETWEEN:
        frame = frame.f_back
    _blocks.setdefault(id(frame), []).append(attempt)
    return id(frame)


def left(attempt: Place, place: int) -> None:
    """It is left."""
    blocks = _blocks[place]
    blocks.remove(attempt)
    if not blocks:
        del _blocks[place]


def _found(frame: FrameType) -> CurrentAttempt | None:
    """The attempt of a function that runs below this frame, if it is one of ours."""
    code = frame.f_code
    if code in _WHOLE:
        call = frame.f_locals["call"]
        return _attempt(call.plan, call.number, call.started)
    if code in _UNTOLD:
        return _attempt(frame.f_locals["untold"].plan, frame.f_locals["number"], frame.f_locals["began"])
    if _PASSED_ON.get(frame.f_globals.get("__name__", "")) == code.co_name:
        call = frame.f_locals["passing"].call
        return None if call.over else _attempt(call.plan, call.number, call.started)
    target = frame.f_globals.get("_retold_target")
    if target is None:
        return None
    return _attempt(target.plan, 1, frame.f_locals.get("_retold_began"))


def _attempt(plan: Plan, number: int, began: float | None) -> CurrentAttempt:
    rules = plan.rules
    return CurrentAttempt(
        number,
        None if rules.attempts is None else rules.attempts - number,
        None if rules.timeout is None or began is None else began + rules.timeout,
    )


def _inner(code: CodeType) -> CodeType:
    """The code of the one function that is made in this code."""
    [inner] = [each for each in code.co_consts if isinstance(each, CodeType)]
    return inner


_WHOLE: Final = frozenset({sync.run.__code__, aio.run.__code__})
_UNTOLD: Final = frozenset({_inner(sync.loop.__code__), _inner(aio.loop.__code__)})
_PASSED_ON: Final = {"retold.runners.generators": "_passed_on", "retold.runners.async_generators": "wrapper"}
"""By module, the functions that step through a generator; most programs retry none and import neither."""
_CALLED: Final = frozenset({"retold.policy", "retold.wrapper"})
"""Modules of ours in which a function that is retried may itself begin: another call, inside of this one."""
_BETWEEN: Final = frozenset({"contextlib", "retold.runners.block"})

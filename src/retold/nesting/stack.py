"""The calls around us on this stack.

A call that succeeds at once leaves no trace of itself, so an inner call cannot look one up: it looks at the stack,
when it has a reason to. There, a call is the frame of its wrapper, of the loop that runs it, or of both, one below
the other; or it is a block, whose attempt is among the variables of a frame and says that it runs. A call in another
thread or task is on a stack of its own, and a block that waits or was left says so: neither is around us.

A frame is ours if its globals have `_retold_part`, which says what part of a call it is: "wrapper", "loop", "block" or
"generator". The modules of the loops set it, and each wrapper has it among its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Set
from types import FrameType
from typing import Any, Final, NamedTuple

_ONE_CALL: Final[Set[tuple[str, str | None]]] = {
    ("wrapper", "loop"),
    ("loop", "loop"),
    ("block", "block"),
    ("block", "loop"),
    ("generator", "loop"),
}
"""Parts that belong to the same call as the part above them."""


class Outer(NamedTuple):
    """A call that another runs inside of: its operation, and how many attempts its policy allows."""

    operation: str
    max_attempts: int | None


class Entered:
    """What a `with` in the caller's own loop enters, and by which we see its call from inside."""

    __slots__ = ()

    def _outer(self, frame: FrameType) -> Outer | None:
        """Its call, if it runs now, in this frame."""
        raise NotImplementedError


def expect_blocks() -> None:
    """A block is about to be: only from now on are the variables of users looked at."""
    global _blocks_exist
    _blocks_exist = True


_blocks_exist = False


def on_stack(frame: FrameType | None) -> Iterator[Outer]:
    """The calls around the one that is being told about at this frame, the innermost first."""
    own, above = True, None
    seen: list[Entered] = []  # `list[Entered]()` would take as long as twenty frames
    # Nearly all frames are no parts of ours: a look at each is most of what a counted call's first retry costs.
    while frame is not None:
        part = None
        if "_retold_part" in frame.f_globals:
            part = frame.f_globals["_retold_part"]
            if part == "generator" and frame.f_code.co_name != "wrapper":  # what it consists of may be above another's
                part = None
            elif (part, above) not in _ONE_CALL:
                if not own:
                    yield _call(frame)
                own = False
        elif _blocks_exist and not own and frame.f_code.co_exceptiontable:  # as every function with a `with` has
            yield from _blocks(frame, seen)
        above = part
        frame = frame.f_back


def _call(frame: FrameType) -> Outer:
    """The call that a frame of ours is part of."""
    known = frame.f_globals.get("_retold_target")
    if known is None:
        variables = _variables(frame)
        known = variables.get("call") or variables.get("untold")
    # None where only a clock or an exporter can have made a call: in a wait, and in a block that is left for good.
    return Outer("another call", None) if known is None else Outer(known.operation, known.plan.rules.attempts)


def _blocks(frame: FrameType, seen: list[Entered]) -> Iterator[Outer]:
    """The calls of blocks that run in a frame, if they have not been seen in one above."""
    # Backwards: the block that was written later is inside of the other.
    for value in reversed(_variables(frame).values()):
        # By its type: other objects may have a `__class__` that does things.
        if issubclass(type(value), Entered) and value not in seen:
            outer = value._outer(frame)
            if outer is not None:
                seen.append(value)
                yield outer


def _variables(frame: FrameType) -> dict[str, Any]:
    """What the variables of a frame stand for.

    Before Python 3.13, looking at those of a function brings a snapshot up to date that stays with the frame: the
    dictionary that `locals()` returns there. It would keep alive what the function lets go of, a file or a lock, so its
    entries are taken out again. That changes nothing but how long things live, for whoever asks next, `locals()` or a
    debugger, has all entries made anew. Who holds the dictionary keeps it, and sees it brought up to date, as by every
    further `locals()`; and so does a tracer, since what it leaves there is written back into the function.
    """
    snapshot: Any = frame.f_locals
    code = frame.f_code
    if not code.co_flags & _OPTIMIZED:
        # The variables of a module or a class; `exec` and metaclasses may put an object of their own in their place.
        return snapshot.copy() if type(snapshot) is dict else {}
    variables = dict(snapshot)
    if _SNAPSHOTS and sys.getrefcount(snapshot) == _UNSHARED and sys.gettrace() is None and sys.getprofile() is None:
        # No others: what `exec` defines in a function is kept there alone.
        for name in (*code.co_varnames, *code.co_cellvars, *code.co_freevars):
            snapshot.pop(name, None)
    return variables


_SNAPSHOTS: Final = sys.version_info < (3, 13)
_OPTIMIZED: Final = 0x01
_UNSHARED: Final = 3
"""References to a snapshot that nobody has: the frame's, ours, and the argument of `getrefcount`."""

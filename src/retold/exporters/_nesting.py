"""Whether a call runs inside of another.

A call that succeeds at once leaves no trace of itself, so an inner call cannot look one up: it looks at the stack,
when it has a reason to. There, a call is the frame of its wrapper, of the loop that runs it, or of both, one below
the other. A call in another thread or task than the one around it is on a stack of its own, and a block leaves no
frame: neither is seen from inside.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Set
from types import FrameType
from typing import Final

_PARTS: Final[Mapping[object, str]] = {
    "retold.runners.aio": "loop",
    "retold.runners.block": "block",
    "retold.runners.sync": "loop",
    "retold.wrapper": "wrapper",
}
"""By the module that a frame's globals name: wrappers have the globals of theirs."""

_ONE_CALL: Final[Set[tuple[str, str | None]]] = {("wrapper", "loop"), ("loop", "loop"), ("block", "block")}
"""Parts that belong to the same call as the part above them."""


def is_nested() -> bool:
    """Whether the call that is being told about, on this stack, runs inside of another one."""
    frame: FrameType | None = sys._getframe(1)
    calls, above = 0, None
    while frame is not None:
        part = _PARTS.get(frame.f_globals.get("__name__"))
        if part is not None and (part, above) not in _ONE_CALL:
            calls += 1
            if calls == 2:
                return True
        above = part
        frame = frame.f_back
    return False

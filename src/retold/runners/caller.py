"""Where in the user's code a warning points."""

from __future__ import annotations

from sys import _getframe


def level_of_the_caller() -> int:
    """The `stacklevel` of the first frame that is not ours: how many are differs from form to form."""
    frame, level = _getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("retold."):
        frame, level = frame.f_back, level + 1
    return level

"""Standard output: whether it can show a view, and what becomes of it when nobody takes what is written."""

from __future__ import annotations

import os
import sys

_SHOW_NOTHING = ("dumb", "unknown", "")


def is_terminal() -> bool:
    """Whether standard output can show a view."""
    # It is None if it was closed before the start.
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in _SHOW_NOTHING


def close_output() -> None:
    """Have what is still buffered go nowhere: it must not fail once more at the exit."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

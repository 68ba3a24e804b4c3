"""Whether there is a terminal to show a view on. Apart from `terminal`, which needs rich."""

from __future__ import annotations

import os
import sys


def is_terminal() -> bool:
    """Whether standard output can show a view."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "")

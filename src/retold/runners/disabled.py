"""Whether the environment has retries off, for the whole process."""

from __future__ import annotations

import os
import warnings
from functools import cache
from typing import Final

from retold.errors import RetoldWarning

VARIABLE: Final = "RETOLD_DISABLED"
_ON: Final = frozenset({"1", "true", "yes", "on"})
_OFF: Final = frozenset({"", "0", "false", "no", "off"})


@cache
def by_environment() -> bool:
    """Whether every policy makes a single attempt. Read once, when the first policy is made."""
    text = os.environ.get(VARIABLE, "").strip().lower()
    if text not in _ON | _OFF:
        warnings.warn(f"{VARIABLE}={text}: that is neither 1 nor 0; retries stay on", RetoldWarning, stacklevel=2)
    return text in _ON

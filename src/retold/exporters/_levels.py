"""At which level each event is logged."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final, TypeAlias

from retold.contract import LOG_EVENTS
from retold.errors import SettingsError

Levels: TypeAlias = Mapping[str, str | int | None]
"""Levels by event, as users write them: a name in any case, a number, or None to write nothing."""

STANDARD: Final = {name: getattr(logging, name) for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}


def numbers(levels: Levels | None, known: Mapping[str, int], *, only: bool) -> dict[str, int | None]:
    """The level of every event, as a number: the contract's, unless chosen otherwise.

    Args:
        levels: What the user chose.
        known: The levels that there are.
        only: Whether other numbers than those are refused too.

    Raises:
        SettingsError: There is no such event or level.
    """
    chosen: dict[str, int | None] = {event.name: STANDARD[event.level.upper()] for event in LOG_EVENTS}
    for event, level in (levels or {}).items():
        if event not in chosen:
            raise SettingsError(f"there is no log event {event!r}; there are: {', '.join(sorted(chosen))}")
        chosen[event] = None if level is None else _number(event, level, known, only=only)
    return chosen


def _number(event: str, level: object, known: Mapping[str, int], *, only: bool) -> int:
    if isinstance(level, str) and level.upper() in known:
        return known[level.upper()]
    if isinstance(level, int) and not isinstance(level, bool) and level > 0 and (level in known.values() or not only):
        return level
    names = ", ".join(sorted(known, key=lambda name: (known[name], name)))
    raise SettingsError(
        f"levels[{event!r}] must be a level or None, which writes nothing, not {level!r}; levels: {names}"
    )

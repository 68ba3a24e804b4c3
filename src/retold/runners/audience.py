"""Who listens to calls right now, and what happens when a listener fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from retold.exporter import Exporter
from retold.journal import JOURNAL, Lock
from retold.telemetry import ERROR_TYPE, EVENT_EXPORTER_FAILED, EXPORTER, error_type


class Audience:
    """The exporters that calls report to, sorted once by how they want to be told.

    Never changed after it is made: a call keeps the audience that it began with.
    """

    __slots__ = (
        "asleep",
        "exporters",
        "hears_success",
        "idle",
        "journaling",
        "live",
        "readers",
        "retrospective",
        "signs",
        "silent",
        "timed",
    )

    def __init__(self, exporters: tuple[Exporter, ...]) -> None:
        awake = [exporter for exporter in exporters if _is_awake(exporter)]
        self.exporters = exporters
        self.asleep = tuple(exporter for exporter in exporters if exporter not in awake)
        told = [exporter for exporter in awake if _is_told(exporter)]
        self.live = tuple(exporter for exporter in told if exporter.live)
        self.retrospective = tuple(exporter for exporter in told if not exporter.live)
        self.readers = frozenset(exporter.name for exporter in awake if exporter.reads_journal)
        self.journaling = bool(self.readers)
        self.silent = not told
        self.hears_success = any(exporter.live or exporter.hears_success for exporter in told)
        self.timed = any(exporter.hears_durations for exporter in told)
        self.signs = _signs(self.asleep)
        # Whether a call that succeeds at once leaves nothing to do.
        self.idle = not (self.hears_success or self.journaling or self.timed)


def current() -> Audience:
    """The audience of a call that begins now; wakes the exporters that have something to tell at last."""
    audience = latest
    if audience.asleep and any(_is_awake(exporter) for exporter in audience.asleep):
        return _wake(audience)
    return audience


def replace(exporters: tuple[Exporter, ...]) -> None:
    """Make these the exporters of all calls that begin from now on. Under `CHANGING`."""
    global latest
    latest = Audience(exporters)
    JOURNAL.readers = latest.readers
    for changed in CHANGED:
        changed(latest)


def name_of(exporter: Exporter) -> str:
    """The name under which an exporter's failures are counted."""
    return exporter.name or type(exporter).__qualname__


def exporter_failed(exporter: Exporter, error: Exception) -> None:
    """Count what an exporter raised, and say so once a minute. The call goes on."""
    name = name_of(exporter)
    JOURNAL.exporter_failed(name)
    now = time.monotonic()
    if now - _last_logged.get(name, -_LOG_INTERVAL) < _LOG_INTERVAL:
        return
    _last_logged[name] = now
    try:
        _logger.warning(EVENT_EXPORTER_FAILED, extra={EXPORTER: name, ERROR_TYPE: error_type(error)})
    except Exception:  # noqa: BLE001 - a handler or filter of the application's that raises; the failure is counted
        return


def _is_told(exporter: Exporter) -> bool:
    """Whether it would do anything with what it is told; metrics are read instead."""
    return any(getattr(getattr(exporter, name), "__func__", None) is not getattr(Exporter, name) for name in _TELLINGS)


def _is_awake(exporter: Exporter) -> bool:
    try:
        return exporter.is_awake()
    except Exception as error:  # noqa: BLE001 - whatever an exporter raises, the call goes on
        exporter_failed(exporter, error)
        return False


def _signs(asleep: tuple[Exporter, ...]) -> tuple[tuple[Mapping[str, object], str], ...] | None:
    """Where a call sees whether one of these may have woken; None if it has to ask."""
    if not all(exporter.wake_signs for exporter in asleep):
        return None
    return tuple(sign for exporter in asleep for sign in exporter.wake_signs)


def _wake(seen: Audience) -> Audience:
    """Sort the exporters anew, unless they have been replaced since: a call must not undo what was configured."""
    with CHANGING:
        if latest is seen:
            replace(seen.exporters)
        return latest


_TELLINGS = ("call_started", "attempt_started", "attempt_ended", "retry_scheduled", "call_ended")
_LOG_INTERVAL = 60.0
_last_logged: dict[str, float] = {}
_logger = logging.getLogger("retold")
# Without it the standard library prints warnings to standard error when the application has no handler.
_logger.addHandler(logging.NullHandler())

CHANGED: list[Callable[[Audience], None]] = []
"""Called, under `CHANGING`, with every new audience."""

CHANGING = Lock()
"""Held by whoever changes the choice of exporters."""

NOBODY = Audience(())
latest = NOBODY
"""The last choice, as it is; `current` wakes who sleeps in it."""

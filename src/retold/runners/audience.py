"""Who listens to calls right now, and what happens when a listener fails."""

from __future__ import annotations

import logging
import time

from retold.exporter import Exporter
from retold.journal import JOURNAL
from retold.telemetry import ERROR_TYPE, EVENT_EXPORTER_FAILED, EXPORTER, error_type


class Audience:
    """The exporters that calls report to, sorted once by how they want to be told.

    Never changed after it is made: a call keeps the audience that it began with.
    """

    __slots__ = ("asleep", "exporters", "journaling", "live", "readers", "retrospective", "silent")

    def __init__(self, exporters: tuple[Exporter, ...]) -> None:
        awake = [exporter for exporter in exporters if exporter.is_awake()]
        self.exporters = exporters
        self.asleep = tuple(exporter for exporter in exporters if exporter not in awake)
        self.live = tuple(exporter for exporter in awake if exporter.live)
        self.retrospective = tuple(exporter for exporter in awake if not exporter.live)
        self.readers = frozenset(exporter.name for exporter in awake if exporter.reads_journal)
        self.journaling = bool(self.readers)
        self.silent = not awake


NOBODY = Audience(())

_current = NOBODY


def current() -> Audience:
    """The audience of a call that begins now; wakes the exporters that have something to tell at last."""
    if _current.asleep and any(exporter.is_awake() for exporter in _current.asleep):
        replace(_current.exporters)
    return _current


def replace(exporters: tuple[Exporter, ...]) -> None:
    """Make these the exporters of all calls that begin from now on."""
    global _current
    _current = Audience(exporters)
    JOURNAL.readers = _current.readers


_LOG_INTERVAL = 60.0
_logger = logging.getLogger("retold")
_last_logged: dict[str, float] = {}


def exporter_failed(exporter: Exporter, error: Exception) -> None:
    """Count what an exporter raised, and say so once a minute. The call goes on."""
    name = exporter.name or type(exporter).__qualname__
    JOURNAL.exporter_failed(name)
    now = time.monotonic()
    if now - _last_logged.get(name, -_LOG_INTERVAL) >= _LOG_INTERVAL:
        _last_logged[name] = now
        _logger.warning(EVENT_EXPORTER_FAILED, extra={EXPORTER: name, ERROR_TYPE: error_type(error)})

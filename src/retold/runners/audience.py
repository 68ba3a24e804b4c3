"""Who listens to calls right now, and what happens when a listener fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from copy import copy

from retold.exporter import Exporter
from retold.journal import JOURNAL, Lock
from retold.telemetry import ERROR_TYPE, EVENT_EXPORTER_FAILED, EXPORTER, error_type


class Audience:
    """The exporters that calls report to, sorted once by how they want to be told.

    Never changed after it is made: a call keeps the audience that it began with.

    Attributes:
        live: Told every call at every moment.
        retrospective: Told from the first attempt on that does not succeed.
        at_once: Those of them that hear of calls that succeed at once, too.
        wanted: Whether a live exporter would be told anything of a call that begins now.
        signs: Where a call sees whether one who sleeps may have woken; None if every call has to ask before it begins.
        unwanted: The audience of a call that none of them wants; None if `wanted` is always true.
    """

    __slots__ = (
        "asleep",
        "at_once",
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
        "unwanted",
        "wanted",
    )

    def __init__(self, exporters: tuple[Exporter, ...]) -> None:
        awake = [exporter for exporter in exporters if _is_awake(exporter)]
        self.exporters = exporters
        self.asleep = tuple(exporter for exporter in exporters if exporter not in awake)
        self.readers = _by_name(exporter for exporter in awake if exporter.reads_journal)
        self.journaling = bool(self.readers)
        self.signs = _signs(self.asleep) if not attended else None
        self._tell([exporter for exporter in awake if _is_told(exporter)])
        self.wanted = _asking(self.live)
        self.unwanted: Audience | None = None
        if self.live and all(type(exporter).wants_call is not Exporter.wants_call for exporter in self.live):
            self.unwanted = copy(self)
            self.unwanted._tell(list(self.retrospective))

    def for_call(self) -> Audience:
        """Who of these listens to a call that begins now."""
        return self if self.unwanted is None or self.wanted() else self.unwanted

    def joined_by(self, exporters: tuple[Exporter, ...]) -> Audience:
        """The same listeners and these, which are retrospective and ask for nothing before."""
        joined = copy(self)
        joined._tell([*self.live, *self.retrospective, *exporters])
        joined.unwanted = None if self.unwanted is None else self.unwanted.joined_by(exporters)
        return joined

    def _tell(self, told: list[Exporter]) -> None:
        self.live = tuple(exporter for exporter in told if exporter.live)
        retrospective = [exporter for exporter in told if not exporter.live]
        self.retrospective = tuple(sorted(retrospective, key=lambda exporter: not exporter.makes_current))
        self.at_once = tuple(exporter for exporter in self.retrospective if exporter.hears_success)
        self.silent = not told
        self.hears_success = bool(self.live or self.at_once)
        self.timed = any(exporter.hears_durations for exporter in told)
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


def attend(change: int) -> None:
    """Count who wants to have a say in calls before they begin; while somebody does, every call asks from its start."""
    global attended
    with CHANGING:
        before, attended = attended, attended + change
        if bool(before) != bool(attended):
            replace(latest.exporters)


def name_of(exporter: Exporter) -> str:
    """The name under which an exporter's failures are counted."""
    return exporter.name or type(exporter).__qualname__


def exporter_failed(exporter: Exporter, error: Exception) -> None:
    """Count what an exporter raised, and say so once a minute. The call goes on."""
    failed(name_of(exporter), error)


def failed(name: str, error: Exception) -> None:
    """The same for other code that only telemetry runs, under a name of its own."""
    JOURNAL.exporter_failed(name)
    now = time.monotonic()
    if now - _last_logged.get(name, -_LOG_INTERVAL) < _LOG_INTERVAL:
        return
    _last_logged[name] = now
    fields = {EXPORTER: name, ERROR_TYPE: error_type(error)}
    written = [_is_written(exporter, fields) for exporter in latest.exporters if hasattr(exporter, "exporter_failed")]
    if any(written):
        return
    from retold.logger import LOGGER  # only now: see there

    try:
        LOGGER.warning(EVENT_EXPORTER_FAILED, extra=fields)
    except Exception:  # noqa: BLE001 - a handler or filter of the application's that raises; the failure is counted
        return


def _is_written(exporter: Exporter, fields: dict[str, str]) -> bool:
    """Have an exporter that writes log lines write this one too; not if it is the one that cannot."""
    try:
        exporter.exporter_failed(fields)  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - then the standard library's logger has it
        return False
    return True


def _asking(exporters: tuple[Exporter, ...]) -> Callable[[], bool]:
    """Whether one of these wants a call that begins now; an exporter that fails to say does not."""

    def wanted_by(exporter: Exporter) -> Callable[[], bool]:
        wants_call = exporter.wants_call

        def wanted() -> bool:
            try:
                return wants_call()
            except Exception as error:  # noqa: BLE001 - whatever an exporter raises, the call goes on
                exporter_failed(exporter, error)
                return False

        return wanted

    asked = [wanted_by(exporter) for exporter in exporters]
    # Nearly always there is one, and no call should pay for a loop over it.
    return asked[0] if len(asked) == 1 else lambda: any(wanted() for wanted in asked)


def _by_name(exporters: Iterable[Exporter]) -> dict[str, list[Exporter]]:
    named: dict[str, list[Exporter]] = {}
    for exporter in exporters:
        named.setdefault(exporter.name, []).append(exporter)
    return named


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

CHANGED: list[Callable[[Audience], None]] = []
"""Called, under `CHANGING`, with every new audience."""

CHANGING = Lock()
"""Held by whoever changes the choice of exporters."""

attended = 0
"""How many want to have a say, which is what `scopes` does."""

NOBODY = Audience(())
latest = NOBODY
"""The last choice, as it is; `current` wakes who sleeps in it."""

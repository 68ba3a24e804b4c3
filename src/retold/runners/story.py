"""The telling of one call to those who listened when it began."""

from __future__ import annotations

from collections.abc import Iterable
from time import time_ns
from typing import Any

from retold.core.decision import Wait
from retold.core.rules import Rules
from retold.events import (
    AttemptEnded,
    AttemptOutcome,
    AttemptStarted,
    CallEnded,
    CallStarted,
    Outcome,
    RetryScheduled,
)
from retold.exporter import Exporter
from retold.runners.audience import Audience, exporter_failed


class Story:
    """Tells the exporters of an audience about one call, in order, whatever they raise.

    Those that are told of starts first are told of ends last, so that what one makes current is current for
    the others. Retrospective exporters join at the first attempt that does not succeed.
    """

    __slots__ = ("_function", "_operation", "_retrospective", "_rules", "_told")

    def __init__(self, audience: Audience, rules: Rules, operation: str, function: str | None) -> None:
        self._rules = rules
        self._operation = operation
        self._function = function
        self._told: list[tuple[Exporter, Any]] = []
        self._retrospective = audience.retrospective
        if audience.live:
            self._join(audience.live, time_ns())

    def attempt_started(self, number: int) -> None:
        if self._told:
            self._tell(self._told, "attempt_started", AttemptStarted(self._operation, number, time_ns()))

    def attempt_ended(
        self,
        number: int,
        outcome: AttemptOutcome,
        duration: float,
        error_type: str | None,
        error: BaseException | None,
    ) -> None:
        now = time_ns()
        if self._retrospective and outcome is not AttemptOutcome.SUCCESS:
            self._catch_up(number, now - round(duration * 1e9))
        if self._told:
            event = AttemptEnded(self._operation, number, outcome, duration, error_type, error, now)
            self._tell(reversed(self._told), "attempt_ended", event)

    def retry_scheduled(self, number: int, wait: Wait) -> None:
        event = RetryScheduled(self._operation, number, wait.delay, wait.source, wait.hint, wait.ignored, time_ns())
        self._tell(reversed(self._told), "retry_scheduled", event)

    def call_ended(
        self,
        outcome: Outcome,
        attempts: int,
        duration: float,
        delay_total: float,
        error_type: str | None,
        fallback: bool,
    ) -> None:
        event = CallEnded(self._operation, outcome, attempts, duration, delay_total, error_type, fallback, time_ns())
        at_once = [(exporter, None) for exporter in self._retrospective if exporter.hears_success]
        self._tell(reversed(at_once), "call_ended", event)
        self._tell(reversed(self._told), "call_ended", event)

    def _join(self, exporters: Iterable[Exporter], began: int) -> None:
        event = CallStarted(self._operation, self._function, self._rules.attempts, self._rules.timeout, began)
        for exporter in exporters:
            try:
                state = exporter.call_started(event)
            except Exception as error:  # noqa: BLE001 - whatever an exporter raises, the call goes on
                exporter_failed(exporter, error)
            else:
                self._told.append((exporter, state))

    def _catch_up(self, number: int, began: int) -> None:
        """Tell the retrospective exporters, late, what the live ones heard at its moment."""
        first = len(self._told)
        self._join(self._retrospective, began)
        self._retrospective = ()
        started = AttemptStarted(self._operation, number, began)
        self._tell(self._told[first:], "attempt_started", started)

    def _tell(self, listeners: Iterable[tuple[Exporter, Any]], method: str, event: object) -> None:
        for exporter, state in listeners:
            try:
                getattr(exporter, method)(state, event)
            except Exception as error:  # noqa: BLE001 - whatever an exporter raises, the call goes on
                exporter_failed(exporter, error)

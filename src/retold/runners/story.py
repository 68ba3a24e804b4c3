"""The telling of one call to those who listened when it began."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
from retold.nesting import Told, innermost
from retold.runners.audience import Audience, exporter_failed


class Story(Told):
    """Tells the exporters of an audience about one call, in order, whatever they raise.

    Those that are told of starts first are told of ends last, so that what one makes current is current for
    the others. Retrospective exporters join at the first attempt that does not succeed. Where there are live ones,
    what runs in an attempt finds this call around it.
    """

    __slots__ = ("_function", "_late", "_live", "_rules", "_told")

    def __init__(
        self, audience: Audience, rules: Rules, operation: str, function: str | None, *, suspends: bool = False
    ) -> None:
        self.operation = operation
        self._rules = rules
        self._function = function
        self._told: list[tuple[Exporter, Any]] = []
        self._late = audience if audience.retrospective else None  # until its retrospective exporters have joined
        self._live = bool(audience.live)
        if self._live:
            self.max_attempts = rules.attempts
            self.outer = innermost()
            self.over = False
            self.suspends = suspends
            self._join(audience.live, time_ns())

    def attempt_started(self, number: int) -> None:
        if self._live:
            self.enter()
        if self._told:
            self._tell_started(self._told, AttemptStarted(self.operation, number, time_ns()))

    def attempt_ended(
        self,
        number: int,
        outcome: AttemptOutcome,
        duration: float,
        error_type: str | None,
        error: BaseException | None,
    ) -> None:
        if self._live:
            self.leave()
        now = time_ns()
        if outcome is not _SUCCESS and self._late is not None:
            self._catch_up(self._late, number, now - round(duration * 1e9))
        if self._told:
            event = AttemptEnded(self.operation, number, outcome, duration, error_type, error, now)
            told = reversed(self._told)
            for exporter, state in told:
                try:
                    exporter.attempt_ended(state, event)
                except Exception as failure:  # noqa: BLE001 - whatever an exporter raises, the call goes on
                    exporter_failed(exporter, failure)
                except BaseException:  # the others hear of it before the interrupt goes on
                    _tell_others(told, "attempt_ended", event)
                    raise

    def retry_scheduled(self, number: int, wait: Wait) -> None:
        event = RetryScheduled(self.operation, number, wait.delay, wait.source, wait.hint, wait.ignored, time_ns())
        for exporter, state in reversed(self._told):
            try:
                exporter.retry_scheduled(state, event)
            except Exception as failure:  # noqa: BLE001 - see above
                exporter_failed(exporter, failure)

    def succeeded_at_once(self, duration: float) -> None:
        """The first attempt succeeded, and so did the call."""
        try:
            self.attempt_ended(1, _SUCCESS, duration, None, None)
        finally:  # whatever interrupts an exporter
            self.call_ended(_SUCCEEDED, 1, duration, 0.0, None, False, None)

    def call_ended(
        self,
        outcome: Outcome,
        attempts: int,
        duration: float,
        delay_total: float,
        error_type: str | None,
        fallback: bool,
        hint: float | None,
    ) -> None:
        event = CallEnded(
            self.operation, outcome, attempts, duration, delay_total, error_type, fallback, hint, time_ns()
        )
        told = self._told
        if self._live:
            self.end()
        if self._late is not None and self._late.at_once:
            told = [*told, *((exporter, None) for exporter in self._late.at_once)]
        left = reversed(told)
        for exporter, state in left:
            try:
                exporter.call_ended(state, event)
            except Exception as failure:  # noqa: BLE001 - see above
                exporter_failed(exporter, failure)
            except BaseException:  # see above
                _tell_others(left, "call_ended", event)
                raise

    def _join(self, exporters: Iterable[Exporter], began: int) -> None:
        event = CallStarted(self.operation, self._function, self._rules.attempts, self._rules.timeout, began)
        for exporter in exporters:
            try:
                self._told.append((exporter, exporter.call_started(event)))
            except Exception as failure:  # noqa: BLE001 - see above
                exporter_failed(exporter, failure)

    def _catch_up(self, audience: Audience, number: int, began: int) -> None:
        """Tell the retrospective exporters, late, what the live ones heard at its moment."""
        first = len(self._told)
        self._late = None
        self._join(audience.retrospective, began)
        self._tell_started(self._told[first:], AttemptStarted(self.operation, number, began))

    def _tell_started(self, told: Iterable[tuple[Exporter, Any]], event: AttemptStarted) -> None:
        for exporter, state in told:
            try:
                exporter.attempt_started(state, event)
            except Exception as failure:  # noqa: BLE001 - see above
                exporter_failed(exporter, failure)


def _tell_others(left: Iterator[tuple[Exporter, Any]], method: str, event: AttemptEnded | CallEnded) -> None:
    """Tell those who are left of an end, of which the telling was interrupted."""
    for exporter, state in left:
        try:
            getattr(exporter, method)(state, event)
        except BaseException as failure:  # noqa: BLE001 - one interrupt goes on already
            if isinstance(failure, Exception):
                exporter_failed(exporter, failure)


# Looking a member up in its enumeration takes longer than a comparison.
_SUCCESS = AttemptOutcome.SUCCESS
_SUCCEEDED = Outcome.SUCCESS

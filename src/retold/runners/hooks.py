"""The hooks of a policy: exporters of one method each, told of the policy's calls alone."""

from __future__ import annotations

from collections.abc import Callable

from retold.core.rules import Rules
from retold.events import CallEnded, Outcome, RetryScheduled
from retold.exporter import Exporter


class OnRetry(Exporter):
    """Hears of every retry, before its wait."""

    name = "on_retry"
    hears_success = False
    hears_durations = False

    def __init__(self, hook: Callable[[RetryScheduled], object]) -> None:
        self._hook = hook

    def retry_scheduled(self, state: object, event: RetryScheduled) -> None:
        """Pass it on."""
        self._hook(event)


class OnGiveUp(Exporter):
    """Hears of calls whose policy ran out."""

    name = "on_give_up"
    hears_success = False

    def __init__(self, hook: Callable[[CallEnded], object]) -> None:
        self._hook = hook

    def call_ended(self, state: object, event: CallEnded) -> None:
        """Pass it on if that is how it ended."""
        if event.outcome.is_give_up:
            self._hook(event)


class OnSuccess(Exporter):
    """Hears of calls that succeeded, at once or later."""

    name = "on_success"

    def __init__(self, hook: Callable[[CallEnded], object]) -> None:
        self._hook = hook

    def call_ended(self, state: object, event: CallEnded) -> None:
        """Pass it on if that is how it ended."""
        if event.outcome is Outcome.SUCCESS:
            self._hook(event)


def hooks(rules: Rules) -> tuple[Exporter, ...]:
    """The hooks that a policy has."""
    made: list[Exporter] = []
    if rules.on_retry is not None:
        made.append(OnRetry(rules.on_retry))
    if rules.on_give_up is not None:
        made.append(OnGiveUp(rules.on_give_up))
    if rules.on_success is not None:
        made.append(OnSuccess(rules.on_success))
    return tuple(made)

"""The numbers that both boards are about: what each means in terms of calls and attempts.

Cancelled calls and attempts are left out of what succeeds and fails, since they say nothing of the dependency: how many
callers walk away is a number of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from retold import telemetry
from retold.dashboards.boards.queries import Scope, ratio, share, total
from retold.dashboards.matchers import (
    ANSWERED,
    AT_ONCE,
    ATTEMPT_JUDGED,
    ATTEMPT_SUCCEEDED,
    CANCELLED,
    RETRIED,
    SUCCEEDED,
)


@dataclass(frozen=True, slots=True)
class Shares:
    """These numbers in a scope, `over_time` or for the whole time shown, one for each combination of `by`."""

    scope: Scope
    over_time: bool
    by: tuple[str, ...] = ()

    def effective(self) -> str:
        """Share of calls that succeed: what callers see."""
        return share(self._calls(SUCCEEDED), self._calls(ANSWERED))

    def failing(self) -> str:
        """Share of calls that fail."""
        return f"1 - {self.effective()}"

    def actual(self) -> str:
        """Share of attempts that succeed: what the dependency gives."""
        succeeded = self.scope.grown(self.over_time, telemetry.ATTEMPTS, ATTEMPT_SUCCEEDED)
        judged = self.scope.grown(self.over_time, telemetry.ATTEMPTS, ATTEMPT_JUDGED)
        return share(total(succeeded, *self.by), total(judged, *self.by))

    def first_try(self) -> str:
        """Share of calls that succeed at once: what callers would see without retries."""
        return share(self._calls(SUCCEEDED, AT_ONCE), self._calls(ANSWERED))

    def rescued(self) -> str:
        """Share of retried calls that succeed."""
        return share(self._calls(SUCCEEDED, RETRIED), self._calls(ANSWERED, RETRIED))

    def retried(self) -> str:
        """Share of calls that made more than one attempt."""
        return share(self._calls(ANSWERED, RETRIED), self._calls(ANSWERED))

    def cancelled(self) -> str:
        """Share of calls whose caller walked away."""
        return share(self._calls(CANCELLED), self._calls())

    def amplification(self) -> str:
        """Attempts for each call, of calls that ended."""
        attempts = self.scope.grown(self.over_time, telemetry.CALL_ATTEMPTS, part="sum")
        calls = self.scope.grown(self.over_time, telemetry.CALL_ATTEMPTS, part="count")
        return ratio(total(attempts, *self.by), total(calls, *self.by))

    def waiting(self) -> str:
        """Share of the time in calls that is spent asleep between attempts."""
        waited = self.scope.grown(self.over_time, telemetry.RETRY_DELAYS, part="sum")
        spent = self.scope.grown(self.over_time, telemetry.CALL_DURATION, part="sum")
        return share(total(waited, *self.by), total(spent, *self.by))

    def _calls(self, *matchers: str) -> str:
        return total(self.scope.grown(self.over_time, telemetry.CALLS, *matchers), *self.by)

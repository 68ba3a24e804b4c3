"""Which calls and attempts boards and rules speak of."""

from __future__ import annotations

from retold import telemetry
from retold.dashboards.promql import match
from retold.events import AttemptOutcome, Outcome
from retold.telemetry import label_value

SUCCEEDED = match(telemetry.CALLS, telemetry.OUTCOME, "=", Outcome.SUCCESS)
CANCELLED = match(telemetry.CALLS, telemetry.OUTCOME, "=", Outcome.CANCELLED)
ANSWERED = match(telemetry.CALLS, telemetry.OUTCOME, "!=", Outcome.CANCELLED)
"""A cancelled call has no verdict: nobody was there any more to hear it."""
NOT_RETRYABLE = match(telemetry.CALLS, telemetry.OUTCOME, "=", Outcome.NOT_RETRYABLE)
NOT_TO_RETRY = match(telemetry.CALLS, telemetry.OUTCOME, "=~", f"{Outcome.NOT_RETRYABLE}|{Outcome.ABORTED}")
"""Calls whose last attempt is an `error` that says nothing of the dependency's health: a 404 is an answer."""

AT_ONCE = match(telemetry.CALLS, telemetry.RETRIED, "=", label_value(False))
RETRIED = match(telemetry.CALLS, telemetry.RETRIED, "=", label_value(True))

ATTEMPT_SUCCEEDED = match(telemetry.ATTEMPTS, telemetry.ATTEMPT_OUTCOME, "=", AttemptOutcome.SUCCESS)
ATTEMPT_ERRORS = match(telemetry.ATTEMPTS, telemetry.ATTEMPT_OUTCOME, "=", AttemptOutcome.ERROR)
ATTEMPT_JUDGED = match(
    telemetry.ATTEMPTS, telemetry.ATTEMPT_OUTCOME, "=~", f"{AttemptOutcome.SUCCESS}|{AttemptOutcome.ERROR}"
)
"""A rejected result is an answer, as when polling, and a cancelled attempt says nothing of the dependency."""
ATTEMPT_UNREJECTED = match(telemetry.ATTEMPTS, telemetry.ATTEMPT_OUTCOME, "!=", AttemptOutcome.REJECTED)
"""Attempts that polling would have made anyway are no sign of sickness."""

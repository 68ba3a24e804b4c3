"""Which calls and attempts rules speak of."""

from __future__ import annotations

from retold.dashboards.promql import match
from retold.events import AttemptOutcome, Outcome
from retold.telemetry import ATTEMPT_OUTCOME, ATTEMPTS, CALLS, OUTCOME, RETRIED, label_value

SUCCEEDED = match(CALLS, OUTCOME, "=", Outcome.SUCCESS)
CANCELLED = match(CALLS, OUTCOME, "=", Outcome.CANCELLED)
ANSWERED = match(CALLS, OUTCOME, "!=", Outcome.CANCELLED)
"""A cancelled call has no verdict: nobody was there any more to hear it."""
NOT_RETRYABLE = match(CALLS, OUTCOME, "=", Outcome.NOT_RETRYABLE)
NOT_TO_RETRY = match(CALLS, OUTCOME, "=~", f"{Outcome.NOT_RETRYABLE}|{Outcome.ABORTED}")
"""Calls whose last attempt is an `error` that says nothing of the dependency's health: a 404 is an answer."""

AT_ONCE = match(CALLS, RETRIED, "=", label_value(False))
RETRIED_CALLS = match(CALLS, RETRIED, "=", label_value(True))

ERRORS = match(ATTEMPTS, ATTEMPT_OUTCOME, "=", AttemptOutcome.ERROR)
JUDGED = match(ATTEMPTS, ATTEMPT_OUTCOME, "=~", f"{AttemptOutcome.SUCCESS}|{AttemptOutcome.ERROR}")
UNREJECTED = match(ATTEMPTS, ATTEMPT_OUTCOME, "!=", AttemptOutcome.REJECTED)
"""Attempts that polling would have made anyway are no sign of sickness."""

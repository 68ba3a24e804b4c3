"""The facts of a call, as exporters are told them.

Times are Unix nanoseconds, as spans want them; lengths are seconds, as metrics want them. They are named tuples, which
cost a third of frozen dataclasses to make: each call that is told makes four.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """How a call ended. Every call ends exactly once, with one of these."""

    SUCCESS = "success"
    NOT_RETRYABLE = "not_retryable"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    BUDGET_EXHAUSTED = "budget_exhausted"
    HINT_REFUSED = "hint_refused"
    ABORTED = "aborted"
    CANCELLED = "cancelled"

    @property
    def is_give_up(self) -> bool:
        """Whether the call ended because its policy ran out."""
        return self in GIVE_UPS


GIVE_UPS = frozenset(
    {
        Outcome.ATTEMPTS_EXHAUSTED,
        Outcome.DEADLINE_EXCEEDED,
        Outcome.BUDGET_EXHAUSTED,
        Outcome.HINT_REFUSED,
    }
)


class AttemptOutcome(StrEnum):
    """How one attempt ended."""

    SUCCESS = "success"
    ERROR = "error"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class DelaySource(StrEnum):
    """Who asked for a wait: the policy's backoff alone, or the server's hint as well."""

    BACKOFF = "backoff"
    HINT = "hint"


class CallStarted(NamedTuple):
    """A policy was used on an operation.

    `function` is the qualified name of the decorated function, None where there is none.
    `max_attempts` and `timeout` are the policy's limits, None where it has none.
    """

    operation: str
    function: str | None
    max_attempts: int | None
    timeout: float | None
    time: int


class AttemptStarted(NamedTuple):
    """The function is about to run for the `number`-th time in this call."""

    operation: str
    number: int
    time: int


class AttemptEnded(NamedTuple):
    """One run of the function is over.

    `error_type` names what failed, under the rules of `telemetry.error_type`; it and `error` are None
    after a success and a cancellation, and `error` is None for a rejected result.
    Do not keep `error` beyond the telling: it holds the failed frames alive.
    """

    operation: str
    number: int
    outcome: AttemptOutcome
    duration: float
    error_type: str | None
    error: BaseException | None
    time: int


class RetryScheduled(NamedTuple):
    """Attempt `number` failed, and another will follow after `delay` seconds.

    `hint` is what the server asked for, before any cap. `ignored` names what answered with no usable number of seconds:
    `hint`, `backoff`, or `hint, backoff`.
    """

    operation: str
    number: int
    delay: float
    source: DelaySource
    hint: float | None
    ignored: str | None
    time: int


class CallEnded(NamedTuple):
    """The call is over: what it came to, over all its attempts and waits.

    `attempts` may be 0. `delay_total` is what was waited, `duration` what the whole call took, in seconds.
    `fallback` says that a fallback was served in place of the failure. `hint` is what the server asked for, before any
    cap, where the call ended in place of that wait.
    """

    operation: str
    outcome: Outcome
    attempts: int
    duration: float
    delay_total: float
    error_type: str | None
    fallback: bool
    hint: float | None
    time: int

    @property
    def retried(self) -> bool:
        """Whether more than one attempt was made."""
        return self.attempts > 1

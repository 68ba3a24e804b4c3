"""Observability-first retry middleware: every call, attempt and wait becomes a span, a metric and, where it
matters, a log line."""

from retold.core.backoff import Backoff, Constant, Exponential
from retold.core.ports import Clock, Rng
from retold.errors import (
    Abort,
    BlockingWarning,
    PolicyError,
    RejectedResult,
    RetoldError,
    RetoldWarning,
    RetryAgain,
    SettingsError,
    UsageError,
)
from retold.events import (
    AttemptEnded,
    AttemptOutcome,
    AttemptStarted,
    CallEnded,
    CallStarted,
    DelaySource,
    Outcome,
    RetryScheduled,
)
from retold.exporter import Exporter
from retold.policy import Policy, retry
from retold.runners.block import Attempt
from retold.runners.report import Report
from retold.settings import configure, register

__version__ = "0.1.0"

__all__ = [
    "Abort",
    "Attempt",
    "AttemptEnded",
    "AttemptOutcome",
    "AttemptStarted",
    "Backoff",
    "BlockingWarning",
    "CallEnded",
    "CallStarted",
    "Clock",
    "Constant",
    "DelaySource",
    "Exponential",
    "Exporter",
    "Outcome",
    "Policy",
    "PolicyError",
    "RejectedResult",
    "Report",
    "RetoldError",
    "RetoldWarning",
    "RetryAgain",
    "RetryScheduled",
    "Rng",
    "SettingsError",
    "UsageError",
    "configure",
    "register",
    "retry",
]

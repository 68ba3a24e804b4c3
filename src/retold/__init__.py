"""Observability-first retry middleware: every call, attempt and wait becomes a span, a metric and, where it
matters, a log line."""

from typing import TYPE_CHECKING

from retold.core.backoff import Backoff, Constant, Exponential
from retold.core.budget import Budget
from retold.core.ports import Clock, Rng
from retold.errors import (
    Abort,
    AttemptTimeout,
    BlockingWarning,
    NestedRetryWarning,
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
from retold.runners.running import CurrentAttempt, current_attempt
from retold.settings import configure, register

if TYPE_CHECKING:
    from retold import hints, on
    from retold.core.growth import Decorrelated, Equal, Fibonacci, Linear

__version__ = "0.1.0"

__all__ = [
    "Abort",
    "Attempt",
    "AttemptEnded",
    "AttemptOutcome",
    "AttemptStarted",
    "AttemptTimeout",
    "Backoff",
    "BlockingWarning",
    "Budget",
    "CallEnded",
    "CallStarted",
    "Clock",
    "Constant",
    "CurrentAttempt",
    "Decorrelated",
    "DelaySource",
    "Equal",
    "Exponential",
    "Exporter",
    "Fibonacci",
    "Linear",
    "NestedRetryWarning",
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
    "current_attempt",
    "hints",
    "on",
    "register",
    "retry",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        # What not every program needs is loaded when it is first named.
        from importlib import import_module

        if name in ("hints", "on"):
            return import_module(f"retold.{name}")
        if name in ("Decorrelated", "Equal", "Fibonacci", "Linear"):
            return getattr(import_module("retold.core.growth"), name)
        raise AttributeError(f"module 'retold' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})

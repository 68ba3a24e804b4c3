"""The names, units and limits of everything that Retold tells; `contract` says what they mean.

A key is spelled the same on spans, metrics and log events; Prometheus writes dots as underscores.
Published names are API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

SCOPE = "retold"
SCHEMA_URL = "https://opentelemetry.io/schemas/1.33.0"

OPERATION = "retold.operation"
OUTCOME = "retold.outcome"
RETRIED = "retold.retried"
CALL_DEPTH = "retold.call.depth"
ATTEMPT_NUMBER = "retold.attempt.number"
ATTEMPT_OUTCOME = "retold.attempt.outcome"
ATTEMPT_COUNT = "retold.attempt.count"
ATTEMPT_SPANS_DROPPED = "retold.attempt.spans_dropped"
DELAY_TOTAL = "retold.delay.total"
RETRY_DELAY = "retold.retry.delay"
RETRY_DELAY_SOURCE = "retold.retry.delay_source"
RETRY_HINT = "retold.retry.hint"
RETRY_IGNORED = "retold.retry.ignored"
POLICY_MAX_ATTEMPTS = "retold.policy.max_attempts"
POLICY_TIMEOUT = "retold.policy.timeout"
FALLBACK = "retold.fallback"
BUDGET = "retold.budget"
EXPORTER = "retold.exporter"
LABEL = "retold.label"
SUPPRESSED = "retold.suppressed"
ERROR_TYPE = "error.type"
EXCEPTION_MESSAGE = "exception.message"
EXCEPTION_STACKTRACE = "exception.stacktrace"
FUNCTION = "code.function.name"
TRACE_ID = "trace_id"
SPAN_ID = "span_id"

EVENT_ATTEMPT_FAILED = "retold.attempt.failed"
EVENT_RETRY_SCHEDULED = "retold.retry.scheduled"
EVENT_CALL_RECOVERED = "retold.call.recovered"
EVENT_CALL_GAVE_UP = "retold.call.gave_up"
EVENT_CALL_FAILED = "retold.call.failed"
EVENT_CALL_CANCELLED = "retold.call.cancelled"
EVENT_EXPORTER_FAILED = "retold.exporter.failed"

OTHER = "_OTHER"
"""The label value that stands for everything beyond a limit."""

MAX_OPERATIONS = 100
MAX_ERROR_TYPES = 15
MAX_BUDGETS = 32
MAX_EXPORTERS = 16
MAX_ATTEMPT_SPANS = 32
MAX_GAVE_UP_LINES = 10
"""Lines a second, for each operation and level."""


Stability: TypeAlias = Literal["stable", "experimental"]
"""What is stable is renamed or removed in a new major version only; what is experimental may change in any."""


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric: `keys` are its labels, `unit` is in UCUM as OpenTelemetry writes it.

    Metrics are compared by identity: each exists once, in this module.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    help: str
    keys: tuple[str, ...]
    buckets: tuple[float, ...] = ()
    stability: Stability = "stable"

    @property
    def prometheus_name(self) -> str:
        """The name in Prometheus, without the `_total` of counters."""
        name = label_name(self.name)
        return f"{name}_seconds" if self.unit == "s" else name


def label_name(key: str) -> str:
    """How Prometheus spells a key."""
    return key.replace(".", "_")


def label_value(value: str | bool) -> str:
    """How Prometheus spells a value: booleans in lower case."""
    return value if isinstance(value, str) else str(value).lower()


_DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_DELAY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_COUNT_BUCKETS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 25.0)

CALLS = Metric("retold.calls", "counter", "{call}", "Calls that ended, by outcome.", (OPERATION, OUTCOME, RETRIED))
CALL_DURATION = Metric(
    "retold.call.duration",
    "histogram",
    "s",
    "Time from the start of a call to its end, attempts and waits included.",
    (OPERATION, OUTCOME),
    _DURATION_BUCKETS,
)
CALL_ATTEMPTS = Metric(
    "retold.call.attempts",
    "histogram",
    "{attempt}",
    "Attempts that a call made.",
    (OPERATION, OUTCOME),
    _COUNT_BUCKETS,
)
CALL_ACTIVE = Metric("retold.call.active", "gauge", "{call}", "Calls that began and have not ended.", (OPERATION,))
CALL_WAITING = Metric(
    "retold.call.waiting",
    "gauge",
    "{call}",
    "Active calls that are asleep between two attempts.",
    (OPERATION,),
)
ATTEMPTS = Metric(
    "retold.attempts",
    "counter",
    "{attempt}",
    "Attempts that ended, by outcome.",
    (OPERATION, ATTEMPT_OUTCOME),
)
ATTEMPT_DURATION = Metric(
    "retold.attempt.duration",
    "histogram",
    "s",
    "Time that one run of the function took.",
    (OPERATION, ATTEMPT_OUTCOME),
    _DURATION_BUCKETS,
)
ATTEMPT_FAILURES = Metric(
    "retold.attempt.failures",
    "counter",
    "{failure}",
    "Attempts that failed or whose result was rejected, by type of error.",
    (OPERATION, ERROR_TYPE),
)
RETRY_DELAYS = Metric(
    "retold.retry.delay",
    "histogram",
    "s",
    "Time waited between two attempts.",
    (OPERATION,),
    _DELAY_BUCKETS,
)
NESTED_RETRIES = Metric(
    "retold.nested_retries",
    "counter",
    "{call}",
    "Calls that retried inside of another call that retries too, so that their attempts multiply.",
    (OPERATION,),
)
GIVE_UPS = Metric(
    "retold.give_ups",
    "counter",
    "{give_up}",
    "Calls that ended because their policy ran out, by the limit that did.",
    (OPERATION, OUTCOME),
)
FALLBACKS = Metric("retold.fallbacks", "counter", "{call}", "Failed calls that were served a fallback.", (OPERATION,))
MAX_ATTEMPTS = Metric(
    "retold.policy.max_attempts",
    "gauge",
    "{attempt}",
    "Attempts that the policy allows a call.",
    (OPERATION,),
)
BUDGET_AVAILABLE = Metric("retold.budget.available", "gauge", "{retry}", "Retries that a budget has left.", (BUDGET,))
BUDGET_CAPACITY = Metric("retold.budget.capacity", "gauge", "{retry}", "Retries that a budget can hold.", (BUDGET,))
BUDGET_DEGRADED = Metric(
    "retold.budget.degraded",
    "gauge",
    "{budget}",
    "1 while a budget has less than one retry left, so that it denies the next; else 0.",
    (BUDGET,),
)
BUDGET_DENIALS = Metric(
    "retold.budget.denials",
    "counter",
    "{denial}",
    "Calls that gave up because a budget had no retry left.",
    (BUDGET,),
)
EXPORTER_FAILURES = Metric(
    "retold.exporter.failures", "counter", "{failure}", "Times an exporter's code raised.", (EXPORTER,)
)
LABEL_OVERFLOWS = Metric(
    "retold.label.overflows",
    "counter",
    "{overflow}",
    "Observations counted under _OTHER because a label had too many values.",
    (LABEL,),
)

METRICS = (
    CALLS,
    CALL_DURATION,
    CALL_ATTEMPTS,
    CALL_ACTIVE,
    CALL_WAITING,
    ATTEMPTS,
    ATTEMPT_DURATION,
    ATTEMPT_FAILURES,
    RETRY_DELAYS,
    NESTED_RETRIES,
    GIVE_UPS,
    FALLBACKS,
    MAX_ATTEMPTS,
    BUDGET_AVAILABLE,
    BUDGET_CAPACITY,
    BUDGET_DEGRADED,
    BUDGET_DENIALS,
    EXPORTER_FAILURES,
    LABEL_OVERFLOWS,
)

REJECTED_RESULT_TYPE = "retold.RejectedResult"

_MAX_NAME_LENGTH = 128
_FOREIGN = re.compile(r"[^A-Za-z0-9_.:/<>-]")


def clean_name(text: str) -> str:
    """`text` as a name of an operation or error type: 128 characters at most, foreign ones as `_`."""
    # Most are dotted identifiers. Each decoration cleans one, and a regular expression takes twice as long.
    if text.isascii() and text.replace(".", "_").isidentifier() and len(text) <= _MAX_NAME_LENGTH:
        return text
    return _FOREIGN.sub("_", text[:_MAX_NAME_LENGTH]) or "_"


def error_type(error: BaseException) -> str:
    """The `error.type` of an exception: its qualified name, with the module unless it is built in."""
    kind = type(error)
    try:
        return _names[kind]
    except (KeyError, TypeError):  # a metaclass may forbid to hash its classes
        return _name_of_type(kind)


def _name_of_type(kind: type) -> str:
    try:
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        name = clean_name(name)
        if len(_names) < _NAMES:  # some programs make types as they go
            _names[kind] = name
    except Exception:  # noqa: BLE001 - a class that hides its name must not change the call that it failed
        return OTHER
    return name


_names: dict[type, str] = {}
_NAMES = 256
"""Types of exceptions whose names are remembered."""

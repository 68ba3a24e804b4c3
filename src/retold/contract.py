"""What the names in `telemetry` mean: keys with their types and values, spans, and log lines.

The reference page and `telemetry.json` are written from here (`scripts/write_reference.py`). Exporters and dashboards
take the names themselves from `telemetry`, where they are plain strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from retold import telemetry
from retold.events import GIVE_UPS, AttemptOutcome, DelaySource, Outcome
from retold.telemetry import Metric, Stability

Type: TypeAlias = Literal["string", "int", "double", "boolean"]
Level: TypeAlias = Literal["debug", "info", "warning"]


@dataclass(frozen=True, slots=True)
class Key:
    """An attribute of spans, label of metrics or field of log lines; `values` are all it can take, if they are few."""

    name: str
    type: Type
    help: str
    values: tuple[str, ...] = ()
    stability: Stability = "stable"


@dataclass(frozen=True, slots=True)
class SpanKind:
    """A kind of span: `keys` are always on it, `sometimes` those that are left out where they do not apply."""

    name: str
    help: str
    status: str
    keys: tuple[str, ...]
    sometimes: tuple[str, ...]
    stability: Stability = "stable"


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A kind of log line, at the level it has unless the application chooses another."""

    name: str
    level: Level
    help: str
    keys: tuple[str, ...]
    sometimes: tuple[str, ...] = ()
    stability: Stability = "stable"


KEYS = {
    key.name: key
    for key in (
        Key(
            telemetry.OPERATION,
            "string",
            "The stable name of what is called: `operation=` of the policy, else `module.qualname` of the function. At"
            " most 128 characters of `[A-Za-z0-9_.:/<>-]`; in metrics, `_OTHER` beyond 100 operations.",
        ),
        Key(telemetry.OUTCOME, "string", "How the call ended.", tuple(Outcome)),
        Key(telemetry.RETRIED, "boolean", "Whether the call made more than one attempt."),
        Key(
            telemetry.CALL_DEPTH,
            "int",
            "How many other calls this one runs inside of: their attempts multiply. Absent where there are none.",
            stability="experimental",
        ),
        Key(telemetry.ATTEMPT_NUMBER, "int", "Which attempt of its call this is, from 1."),
        Key(telemetry.ATTEMPT_OUTCOME, "string", "How the attempt ended.", tuple(AttemptOutcome)),
        Key(telemetry.ATTEMPT_COUNT, "int", "How many attempts the call made."),
        Key(
            telemetry.ATTEMPT_SPANS_DROPPED,
            "int",
            f"How many attempts have no span, because the call made more than {telemetry.MAX_ATTEMPT_SPANS}.",
        ),
        Key(telemetry.DELAY_TOTAL, "double", "Seconds that the call waited between its attempts."),
        Key(telemetry.RETRY_DELAY, "double", "Seconds that the call is about to wait after this attempt."),
        Key(
            telemetry.RETRY_DELAY_SOURCE,
            "string",
            "Who asked for the wait: the policy's backoff alone, or the server's hint as well.",
            tuple(DelaySource),
        ),
        Key(
            telemetry.RETRY_HINT,
            "double",
            "Seconds that the server asked to wait, before any cap. On a call: where it ended in place of that wait.",
            stability="experimental",
        ),
        Key(
            telemetry.RETRY_IGNORED,
            "string",
            "Which callables of the policy answered with what is no number of seconds, and were passed over.",
            ("hint", "backoff", "hint, backoff"),
            "experimental",
        ),
        Key(telemetry.POLICY_MAX_ATTEMPTS, "int", "How many attempts the policy allows a call."),
        Key(telemetry.POLICY_TIMEOUT, "double", "Seconds after which the policy lets no further attempt start."),
        Key(telemetry.FALLBACK, "boolean", "Whether a fallback was served in place of the failure."),
        Key(telemetry.BUDGET, "string", "The name of a budget; `_OTHER` beyond 32 names."),
        Key(telemetry.EXPORTER, "string", "The name of an exporter; `_OTHER` beyond 16 names."),
        Key(
            telemetry.LABEL,
            "string",
            "The key that had too many values.",
            (telemetry.OPERATION, telemetry.ERROR_TYPE),
        ),
        Key(
            telemetry.SUPPRESSED,
            "int",
            f"How many lines like this one were held back since the last, beyond {telemetry.MAX_GAVE_UP_LINES} a second"
            " for each operation and level.",
        ),
        Key(
            telemetry.ERROR_TYPE,
            "string",
            "The type of what failed: `qualname` of Python's own errors, else `module.qualname`;"
            f" `{telemetry.REJECTED_RESULT_TYPE}` for a rejected result. In metrics, `_OTHER` beyond 15 types of one"
            " operation.",
        ),
        Key(
            telemetry.EXCEPTION_MESSAGE,
            "string",
            "The exception's text, or what is left of it: only with `exception_details` `redacted` or `full`.",
        ),
        Key(
            telemetry.EXCEPTION_STACKTRACE,
            "string",
            "Where it was raised, as Python prints it: only with `exception_details` `full`.",
        ),
        Key(telemetry.FUNCTION, "string", "`module.qualname` of the decorated function."),
        Key(telemetry.TRACE_ID, "string", "The trace of the span that the line belongs to: 32 hexadecimal digits."),
        Key(
            telemetry.SPAN_ID,
            "string",
            "The span that the line belongs to, 16 hexadecimal digits: the attempt's for"
            f" `{telemetry.EVENT_ATTEMPT_FAILED}`, else the call's.",
        ),
    )
}

_END = (
    telemetry.OPERATION,
    telemetry.OUTCOME,
    telemetry.RETRIED,
    telemetry.ATTEMPT_COUNT,
    telemetry.DELAY_TOTAL,
    telemetry.FALLBACK,
)

CALL_SPAN = SpanKind(
    "<operation>",
    "One call, attempts and waits included. Current while the policy's own callables run.",
    "ERROR for a call that failed; UNSET for one that succeeded, however late, and for a cancelled one.",
    _END,
    (
        telemetry.FUNCTION,
        telemetry.CALL_DEPTH,
        telemetry.POLICY_MAX_ATTEMPTS,
        telemetry.POLICY_TIMEOUT,
        telemetry.ERROR_TYPE,
        telemetry.EXCEPTION_MESSAGE,
        telemetry.EXCEPTION_STACKTRACE,
        telemetry.RETRY_HINT,
        telemetry.ATTEMPT_SPANS_DROPPED,
    ),
)
ATTEMPT_SPAN = SpanKind(
    "attempt <operation>",
    "One run of the function, below the span of its call. Current while the function runs.",
    "ERROR for an attempt that raised; UNSET for one that succeeded, was cancelled, or whose result was rejected.",
    (telemetry.OPERATION, telemetry.ATTEMPT_NUMBER, telemetry.ATTEMPT_OUTCOME),
    (
        telemetry.ERROR_TYPE,
        telemetry.EXCEPTION_MESSAGE,
        telemetry.EXCEPTION_STACKTRACE,
        telemetry.RETRY_DELAY,
        telemetry.RETRY_DELAY_SOURCE,
        telemetry.RETRY_HINT,
        telemetry.RETRY_IGNORED,
    ),
)
SPANS = (CALL_SPAN, ATTEMPT_SPAN)

_IDS = (telemetry.TRACE_ID, telemetry.SPAN_ID)

LOG_EVENTS = (
    LogEvent(
        telemetry.EVENT_CALL_GAVE_UP,
        "warning",
        "A call failed because its policy ran out. At most `info` inside of another call, which may yet succeed.",
        (*_END, telemetry.ERROR_TYPE),
        (telemetry.RETRY_HINT, telemetry.CALL_DEPTH, telemetry.SUPPRESSED, *_IDS),
    ),
    LogEvent(telemetry.EVENT_CALL_RECOVERED, "info", "A call succeeded after failed attempts.", _END, _IDS),
    LogEvent(
        telemetry.EVENT_RETRY_SCHEDULED,
        "debug",
        "An attempt failed, and the call waits for another.",
        (telemetry.OPERATION, telemetry.ATTEMPT_NUMBER, telemetry.RETRY_DELAY, telemetry.RETRY_DELAY_SOURCE),
        (telemetry.CALL_DEPTH, telemetry.RETRY_HINT, telemetry.RETRY_IGNORED, *_IDS),
    ),
    LogEvent(
        telemetry.EVENT_ATTEMPT_FAILED,
        "debug",
        "An attempt raised, or its result was rejected.",
        (telemetry.OPERATION, telemetry.ATTEMPT_NUMBER, telemetry.ATTEMPT_OUTCOME, telemetry.ERROR_TYPE),
        _IDS,
    ),
    LogEvent(
        telemetry.EVENT_CALL_FAILED,
        "debug",
        "A call failed with an error that is not retried, or was aborted.",
        _END,
        (telemetry.ERROR_TYPE, telemetry.RETRY_HINT, *_IDS),
    ),
    LogEvent(telemetry.EVENT_CALL_CANCELLED, "debug", "A call was cancelled from outside.", _END, _IDS),
    LogEvent(
        telemetry.EVENT_EXPORTER_FAILED,
        "warning",
        "An exporter raised; the call went on. Once a minute for each exporter at most, and on the standard library's"
        " logger `retold` where no exporter writes lines.",
        (telemetry.EXPORTER, telemetry.ERROR_TYPE),
    ),
)

_NARROWER = {(telemetry.GIVE_UPS, telemetry.OUTCOME): tuple(each for each in Outcome if each in GIVE_UPS)}


def values_of(metric: Metric, key: str) -> tuple[str, ...]:
    """All values that a label of a metric can take, as Prometheus spells them; none if they cannot be listed."""
    described = KEYS[key]
    if described.type == "boolean":
        return (telemetry.label_value(False), telemetry.label_value(True))
    return _NARROWER.get((metric, key), described.values)

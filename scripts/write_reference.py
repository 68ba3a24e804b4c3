"""Writes the reference of all telemetry: a page for people, and JSON for programs that ships in the package.

.venv/bin/python -m scripts.write_reference            write both
.venv/bin/python -m scripts.write_reference --check    fail if either is not what would be written
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from retold import telemetry
from retold.contract import KEYS, LOG_EVENTS, SPANS, Key, LogEvent, SpanKind, values_of
from retold.telemetry import Metric, label_name
from scripts.written import ROOT, code, options, table, write

PAGE = ROOT / "docs" / "reference" / "telemetry.md"
DOCUMENT = ROOT / "src" / "retold" / "telemetry.json"

_PAGE = """\
# Telemetry

Written by `scripts/write_reference.py` from the code; `retold/telemetry.json` in the package is the same for programs.
What is *stable* is renamed or removed in a new major version only; what is *experimental* may change in any.

A key is spelled the same on spans, on OpenTelemetry's metrics and on log lines. As a Prometheus label it has
underscores for dots, and a boolean is `true` or `false`.

## Metrics

Counters whose labels can be listed exist at 0 as soon as their operation is known. Histograms are born at their
first observation.
{metrics}

## Spans

Scope `{scope}`, kind `INTERNAL`. They have no description and no events, and no message, argument or result.
{spans}

## Log lines

The event is the message, on the logger `retold`; the keys are `extra` fields of the standard library's records, or
structlog's own. `Logging(levels={{...}})` and `Structlog(levels={{...}})` choose other levels, and None writes nothing.
No line has an exception, its text or its traceback.

{events}
{fields}

## Keys

{keys}
"""


def document() -> dict[str, Any]:
    """Everything, as it goes into the JSON."""
    return {
        "scope": telemetry.SCOPE,
        "schema_url": telemetry.SCHEMA_URL,
        "limits": {
            "operations": telemetry.MAX_OPERATIONS,
            "error_types": telemetry.MAX_ERROR_TYPES,
            "exporters": telemetry.MAX_EXPORTERS,
            "attempt_spans": telemetry.MAX_ATTEMPT_SPANS,
            "gave_up_lines": telemetry.MAX_GAVE_UP_LINES,
            "other": telemetry.OTHER,
        },
        "keys": [asdict(key) for key in KEYS.values()],
        "metrics": [_metric(metric) for metric in telemetry.METRICS],
        "spans": [asdict(span) for span in SPANS],
        "logs": [asdict(event) for event in LOG_EVENTS],
    }


def page() -> str:
    """Everything, as it goes onto the page."""
    return _PAGE.format(
        scope=telemetry.SCOPE,
        metrics="\n".join(line for metric in telemetry.METRICS for line in _metric_lines(metric)),
        spans="\n".join(line for span in SPANS for line in _span_lines(span)),
        events="\n".join(table(("event", "level", "when", "stability"), map(_event_row, LOG_EVENTS))),
        fields="\n".join(line for event in LOG_EVENTS for line in _event_lines(event)),
        keys="\n".join(table(("key", "type", "what it says", "stability"), map(_key_row, KEYS.values()))),
    )


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "prometheus_name": _full_name(metric),
        "type": metric.kind,
        "unit": metric.unit,
        "help": metric.help,
        "labels": [
            {"key": key, "prometheus_label": label_name(key), "values": list(values_of(metric, key))}
            for key in metric.keys
        ],
        "buckets": list(metric.buckets),
        "stability": metric.stability,
    }


def _full_name(metric: Metric) -> str:
    return f"{metric.prometheus_name}_total" if metric.kind == "counter" else metric.prometheus_name


def _metric_lines(metric: Metric) -> Iterator[str]:
    yield from ("", f"### `{metric.name}`", "", metric.help, "")
    yield f"- Prometheus: `{_full_name(metric)}`"
    yield f"- {metric.kind}, unit `{metric.unit}`, {metric.stability}"
    if metric.buckets:
        yield f"- buckets: {', '.join(f'{bound:g}' for bound in metric.buckets)}"
    yield ""
    yield from table(
        ("label", "in Prometheus", "values"),
        ((code(key), code(label_name(key)), _values(values_of(metric, key))) for key in metric.keys),
    )


def _span_lines(span: SpanKind) -> Iterator[str]:
    yield from ("", f"### `{span.name}`", "", span.help, "", f"Status: {span.status}", "")
    yield f"- always: {_codes(span.keys)}"
    yield f"- where it applies: {_codes(span.sometimes)}"
    yield f"- {span.stability}"


def _event_row(event: LogEvent) -> tuple[str, ...]:
    return code(event.name), code(event.level), event.help, event.stability


def _event_lines(event: LogEvent) -> Iterator[str]:
    yield from ("", f"### `{event.name}`", "", f"- always: {_codes(event.keys)}")
    if event.sometimes:
        yield f"- where it applies: {_codes(event.sometimes)}"


def _key_row(key: Key) -> tuple[str, ...]:
    says = f"{key.help} One of {_values(key.values)}." if key.values else key.help
    return code(key.name), key.type, says, key.stability


def _values(values: Sequence[str]) -> str:
    return _codes(values) if values else "from code"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))


def main() -> int:
    """Write both, or say which differ."""
    check = options("Write the reference of all telemetry.").parse_args().check
    files = {PAGE: page(), DOCUMENT: json.dumps(document(), indent=2) + "\n"}
    return write(files, "scripts.write_reference", check=check)


if __name__ == "__main__":
    sys.exit(main())

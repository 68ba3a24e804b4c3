"""Telemetry itself fails, and with it all other alerts."""

from __future__ import annotations

from collections.abc import Iterator

from retold import telemetry
from retold.dashboards.rules.alerts.writer import COUNT, Writer
from retold.dashboards.rules.language import HOUR, MINUTE, Language, aggregate
from retold.dashboards.rules.model import Alert
from retold.telemetry import EXPORTER, LABEL, Metric, label_name

_EXPORTER, _LABEL = label_name(EXPORTER), label_name(LABEL)


def alerts(writer: Writer) -> Iterator[Alert]:
    say = writer.say

    yield writer.alert(
        "RetoldTelemetryMissing",
        "There was some an hour ago, there is none now, and the process is up: without this alert, silence would"
        " look like health.",
        _missing(say),
        hold=15 * MINUTE,
        severity="info",
        summary="{who} tells nothing of its retries any more",
        description=f"{{who}} is up and had metrics of Retold {say.time(HOUR)} ago. It has none now, so that no other"
        " alert about its retries can fire.",
        of_targets=True,
        facts={"window": say.time(HOUR)},
    )
    yield writer.alert(
        "RetoldExporterFailing",
        "An exporter's code raises. A collector that is away does not show here: OpenTelemetry's SDK drops what it"
        " cannot deliver without raising.",
        _grows(say, telemetry.EXPORTER_FAILURES, _EXPORTER, 5 * MINUTE),
        hold=10 * MINUTE,
        severity="warning",
        summary=f"The exporter {{{{ $labels.{_EXPORTER} }}}} of {{who}} fails",
        description=f"The exporter {{{{ $labels.{_EXPORTER} }}}} of {{who}} raised {COUNT} times in the last"
        f" {say.time(5 * MINUTE)}. Calls are not affected; what they should have told is lost.",
        of_targets=True,
    )
    yield writer.alert(
        "RetoldLabelOverflow",
        "Numbers are complete, but some of them are under _OTHER.",
        _grows(say, telemetry.LABEL_OVERFLOWS, _LABEL, 15 * MINUTE),
        severity="info",
        summary=f"{{who}} has too many values of {{{{ $labels.{_LABEL} }}}}",
        description=f"{COUNT} observations of {{who}} in the last {say.time(15 * MINUTE)} are counted under _OTHER,"
        f" because {{{{ $labels.{_LABEL} }}}} has more values than have series of their own.",
        of_targets=True,
    )


def _missing(say: Language) -> str:
    def group(expr: str) -> str:
        return aggregate("group", say.targets, expr)

    calls = say.select(telemetry.CALLS)
    up = f"up{{{', '.join(say.options.matchers)}}}" if say.options.matchers else "up"
    return f"{group(f'{calls} offset {say.time(HOUR)}')}\nunless {group(calls)}\nand {group(f'{up} == 1')}"


def _grows(say: Language, metric: Metric, label: str, over: float) -> str:
    return f"{say.of_targets(f'increase({say.select(metric)}[{say.time(over)}])', label)} > 0"

"""Calls end in ways that no policy can mend."""

from __future__ import annotations

from collections.abc import Iterator

from retold import telemetry
from retold.dashboards import matchers
from retold.dashboards.rules import names
from retold.dashboards.rules.alerts.writer import PERCENT, Writer
from retold.dashboards.rules.language import MINUTE, both
from retold.dashboards.rules.model import Alert


def alerts(writer: Writer) -> Iterator[Alert]:
    say = writer.say
    quarter, ten = 15 * MINUTE, 10 * MINUTE
    now, usual = names.NOT_RETRYABLE_SHARE, names.USUAL_NOT_RETRYABLE_SHARE

    yield writer.alert(
        "RetoldNotRetryableRising",
        "Rising, not high: some operations are answered with errors all day. Without a past nothing rises.",
        both(
            f"{now} > 0.1",
            f"{now}\n  > 3 * {usual}",
            f"{say.increase(telemetry.CALLS, matchers.NOT_RETRYABLE, over=quarter)} > 10",
        ),
        hold=quarter,
        severity="warning",
        summary="{who} fails more often than usual with errors that are not retried",
        description=f"{PERCENT} of the calls of {{who}} fail with an error that is not retried, more than three times"
        " as many as usual.",
    )
    yield writer.alert(
        "RetoldCallersCancel",
        "A caller's own timeout turns an outage into cancelled calls, which no share of failures knows.",
        both(
            f"{say.rate(telemetry.CALLS, matchers.CANCELLED, over=ten)}\n/ {say.rate(telemetry.CALLS, over=ten)} > 0.1",
            f"{say.increase(telemetry.CALLS, matchers.CANCELLED, over=ten)} > 10",
        ),
        hold=5 * MINUTE,
        severity="warning",
        summary="Callers walk away from {who}",
        description=f"{PERCENT} of the calls of {{who}} were cancelled in the last {say.time(ten)}, before there was"
        " a result.",
        facts={"window": say.time(ten)},
    )

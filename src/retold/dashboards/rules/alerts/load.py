"""Load that retries add to what they call."""

from __future__ import annotations

from collections.abc import Iterator

from retold.dashboards.rules import names
from retold.dashboards.rules.alerts.burn import FEW_CALLS
from retold.dashboards.rules.alerts.writer import NUMBER, Writer
from retold.dashboards.rules.language import HOUR, MINUTE, both
from retold.dashboards.rules.model import Alert, Severity


def alerts(writer: Writer) -> Iterator[Alert]:
    say = writer.say

    # The guard is on retries, not on calls: where no call ends any more, load is multiplied infinitely.
    levels: tuple[tuple[Severity, float, float], ...] = (("critical", 2, 1), ("warning", 1.5, 0.1))
    for severity, most, retries in levels:
        yield writer.alert(
            "RetoldAmplificationHigh",
            f"More than {most} attempts for each call, without those of polling, and enough retries to matter.",
            both(f"1 + {names.ERROR_RETRIES} / {names.CALLS} > {most}", f"{names.ERROR_RETRIES} > {retries}"),
            hold=10 * MINUTE,
            severity=severity,
            summary="{who} multiplies load",
            description=f"{{who}} makes {NUMBER} attempts for each call that ends: what it depends on bears that many"
            " times the load that callers cause.",
        )

    # A system in its first hour has no average of the past; 0 stands in for it.
    hour_before = f"avg_over_time({names.ERROR_RETRIES}[{say.time(HOUR)}] offset {say.time(30 * MINUTE)})"
    yield writer.alert(
        "RetoldStormOnset",
        "About the onset: half an hour later RetoldAmplificationHigh takes over. Works in a system's first hour,"
        " which has no average to compare with.",
        both(
            f"{names.ERROR_RETRIES} > 1",
            f"{names.ERROR_RETRIES} > 0.2 * {names.CALLS}",
            f"{names.ERROR_RETRIES} > 3 * (\n  {hour_before}\n  or 0 * {names.ERROR_RETRIES}\n)",
        ),
        hold=3 * MINUTE,
        severity="warning",
        summary="A storm of retries begins at {who}",
        description=f"{{who}} makes {NUMBER} retries a second because of failures, more than three times what it made"
        " in the hour before.",
    )
    yield writer.alert(
        "RetoldMetastableSuspected",
        "Callers ask no more than usual, yet more attempts and fewer successes: retries may be what keeps it down."
        " True of a plain outage whose retries add load, too: the runbook tells them apart.",
        both(
            f"{names.FIRST_TRY_SUCCESSES} < 0.5 * {names.USUAL_FIRST_TRY_SUCCESSES}",
            f"{names.ATTEMPTS} > 1.3 * {names.USUAL_ATTEMPTS}",
            f"{names.CALLS} < 1.2 * {names.USUAL_CALLS}",
            f"{names.ERROR_RETRIES} > 0.5 * {names.CALLS}",
            f"{names.CALLS} > {FEW_CALLS}",
        ),
        hold=30 * MINUTE,
        severity="warning",
        summary="Retries may be what keeps the dependency of {who} down",
        description=f"{NUMBER} calls of {{who}} a second succeed at once, less than half of what is usual, while"
        " attempts are more than usual and callers ask for no more.",
    )

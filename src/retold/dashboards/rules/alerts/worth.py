"""What retries hide, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterator

from retold.dashboards.rules import names
from retold.dashboards.rules.alerts.burn import FEW_CALLS
from retold.dashboards.rules.alerts.writer import PERCENT, Writer
from retold.dashboards.rules.language import HOUR, MINUTE, both
from retold.dashboards.rules.model import Alert


def alerts(writer: Writer) -> Iterator[Alert]:
    yield writer.alert(
        "RetoldDependencyDegradedHidden",
        "Attempts fail and callers hardly notice. Where they do, the burn alerts speak, and this one is quiet.",
        both(
            f"{names.SICK_SHARE} > 0.1",
            f"{names.GIVE_UPS}\n  < 0.25 * {names.SICK_SHARE} * {names.CALLS}",
            f"{names.CALLS} > {FEW_CALLS}",
        ),
        hold=15 * MINUTE,
        severity="warning",
        summary="What {who} depends on is sick, and retries hide it",
        description=f"{PERCENT} of the attempts of {{who}} fail, and callers hardly notice, since retries succeed.",
    )
    yield writer.alert(
        "RetoldRetriesUseless",
        "Retries that never help are load and latency for nothing.",
        both(f"{names.RESCUED_SHARE} < 0.05", f"{names.RETRIES} > 1"),
        hold=HOUR,
        severity="info",
        summary="Retries of {who} hardly ever help",
        description=f"{PERCENT} of the calls of {{who}} that were retried succeeded: retrying adds load and latency,"
        " and little else.",
    )

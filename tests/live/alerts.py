"""Which alerts the rehearsed incident is to cause, of which operation, and when at the earliest and at the latest."""

from __future__ import annotations

from retold.cli.demo.incident import Phase
from tests.live.rehearsal import Told

ORDER = (
    ("RetoldStormOnset", (Phase.DEGRADING,)),
    ("RetoldDependencyDegradedHidden", (Phase.DEGRADING,)),
    ("RetoldGiveUpBurnFast", (Phase.DEGRADING, Phase.OUTAGE)),
    ("RetoldGiveUpBurnSlow", (Phase.OUTAGE,)),
)
"""What fires first, and what then, of operations whose retries hide what degrades; and in which phases."""

LOUD = (
    ("RetoldAmplificationHigh", "critical", (Phase.OUTAGE,)),
    ("RetoldGiveUpBurnFast", "critical", (Phase.DEGRADING, Phase.OUTAGE)),
)
"""What pages, of every operation."""

EXPECTED = frozenset(
    {name for name, _ in ORDER}
    | {name for name, _, _ in LOUD}
    | {"RetoldWaitingDominates"}
    # Attempts up, first tries down, calls as they were: until it is looked into, an outage is one as well.
    | {"RetoldMetastableSuspected"}
    # Calls that go on for as long as their policies let them pile up.
    | {"RetoldCallersPilingUp"}
)


def first(told: list[Told], name: str, operation: str, severity: str | None = None) -> Told | None:
    """When an alert of an operation fired for the first time."""
    fired = (
        each
        for each in told
        if (each.status, each.name, each.operation) == ("FIRING", name, operation) and severity in (None, each.severity)
    )
    return next(fired, None)


def still_firing(told: list[Told]) -> set[tuple[str, str, str]]:
    """What was told to fire and not to be over."""
    last = {(each.name, each.severity, each.operation): each.status for each in told}
    return {alert for alert, status in last.items() if status == "FIRING"}

"""Calls that take long: asleep, or stuck in an attempt."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent

from retold import telemetry
from retold.dashboards.rules import names
from retold.dashboards.rules.alerts.burn import FEW_CALLS
from retold.dashboards.rules.alerts.writer import COUNT, PERCENT, Writer
from retold.dashboards.rules.language import MINUTE, Language, both
from retold.dashboards.rules.model import Alert

_INSTANCE = "instance"


def alerts(writer: Writer) -> Iterator[Alert]:
    say = writer.say

    yield writer.alert(
        "RetoldCallsStuck",
        "All else is counted when an attempt or a call ends, so that a hang looks like silence. By instance, since"
        " one that hangs hides among others. Calls asleep in a backoff do not hang.",
        _stuck(say, 10 * MINUTE),
        hold=5 * MINUTE,
        severity="warning",
        summary="Calls of {who} are stuck",
        description=f"{COUNT} calls of {{who}} or more are in attempts, in instances in which none has ended for"
        f" {say.time(10 * MINUTE)}.",
        facts={"window": say.time(10 * MINUTE)},
    )
    quarter = 15 * MINUTE
    yield writer.alert(
        "RetoldCallersPilingUp",
        "Callers sleep, and hold what they hold: threads, connections, memory. The sum has its minimum, since"
        " each instance's may be at another time.",
        both(
            f"min_over_time({names.WAITING}[{say.time(quarter)}]) > 20",
            f"{names.WAITING} > 0.5 * {names.ACTIVE}",
        ),
        hold=5 * MINUTE,
        severity="warning",
        summary="Callers of {who} pile up in backoff",
        description=f"At no time in the last {say.time(quarter)} were fewer than {COUNT} calls of {{who}} asleep"
        " between two attempts: that is where most of its calls are.",
        facts={"window": say.time(quarter)},
    )
    yield writer.alert(
        "RetoldWaitingDominates",
        "Half of the time or more, and half a second or more for the average call. Polling waits because that is its"
        " work, and is left out.",
        both(
            f"{names.WAITING_SHARE} > 0.5",
            f"{names.WAITING_TIME} > 0.5 * {names.CALLS}",
            f"{names.ERROR_RETRIES} > 0.5 * {names.RETRIES}",
            f"{names.CALLS} > {FEW_CALLS}",
        ),
        hold=30 * MINUTE,
        severity="info",
        summary="Calls of {who} mostly wait",
        description=f"{PERCENT} of the time of the calls of {{who}} goes to waiting between attempts, and that is half"
        " a second or more for the average call.",
    )


def _stuck(say: Language, over: float) -> str:
    active, waiting = say.total(telemetry.CALL_ACTIVE, _INSTANCE), say.total(telemetry.CALL_WAITING, _INSTANCE)
    ended = say.sum(f"rate({say.select(telemetry.ATTEMPTS)}[{say.time(over)}])", _INSTANCE)
    in_attempts = (
        f"min_over_time(\n  (\n{indent(f'{active} - {waiting}', '    ')}\n  )[{say.time(over)}:{say.time(MINUTE)}]\n)"
    )
    return say.sum(both(f"{in_attempts} > 0", f"{ended} == 0"))

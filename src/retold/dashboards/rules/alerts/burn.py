"""Callers are failed: calls end because their policies ran out."""

from __future__ import annotations

from collections.abc import Iterator

from retold import telemetry
from retold.dashboards.rules import names
from retold.dashboards.rules.alerts.writer import COUNT, PERCENT, Writer
from retold.dashboards.rules.language import HOUR, MINUTE, both, number
from retold.dashboards.rules.model import Alert
from retold.telemetry import OUTCOME, label_name

_OUTCOME = label_name(OUTCOME)
_MOST = 0.9
"""A threshold of 1 or more could never be exceeded, which an objective such as 0.9 would ask for."""
FEW_CALLS = 0.1
"""Calls a second below which shares say little."""


def alerts(writer: Writer) -> Iterator[Alert]:
    say = writer.say
    objective = say.options.objective
    budget = 1 - objective

    def burns(factor: float, long: str, short: str, missed: str) -> tuple[str, dict[str, str]]:
        most = min(factor * budget, _MOST)
        facts = {
            "objective": f"{objective * 100:.6g} %",
            "threshold": number(most),
            "factor": number(most / budget),
            "days": f"{30 * budget / most:.0f}",
        }
        return both(*(f"{share} > {number(most)}" for share in (long, short)), f"{missed} > 10"), facts

    expr, facts = burns(14.4, names.MISSES_1H, names.MISSES_5M, names.MISSED_1H)
    yield writer.alert(
        "RetoldGiveUpBurnFast",
        "A fiftieth of a month's budget in an hour, and still going on. Only give-ups burn: an error that is not"
        " retried may be an answer. The count keeps one unlucky call of a quiet operation from waking anybody.",
        expr,
        hold=2 * MINUTE,
        severity="critical",
        summary="{who} gives up on callers fast",
        description=f"{PERCENT} of the calls of {{who}} gave up in the last {say.time(HOUR)}, and they still do.",
        facts=facts,
    )
    expr, facts = burns(6, names.MISSES_6H, names.MISSES_30M, names.MISSED_6H)
    yield writer.alert(
        "RetoldGiveUpBurnSlow",
        "A twentieth of a month's budget in six hours, and still going on.",
        expr,
        hold=15 * MINUTE,
        severity="warning",
        summary="{who} keeps giving up on callers",
        description=f"{PERCENT} of the calls of {{who}} gave up in the last {say.time(6 * HOUR)}, and they still do.",
        facts=facts,
    )
    window = 15 * MINUTE
    yield writer.alert(
        "RetoldGiveUps",
        "Where calls are too few for shares, every give-up is told. The others have the burn alerts.",
        f"{say.sum(f'increase({say.select(telemetry.GIVE_UPS)}[{say.time(window)}])', _OUTCOME)} > 0\n"
        f"unless on ({', '.join(say.level)})\n"
        f"{names.CALLS} > {FEW_CALLS}",
        severity="info",
        summary="{who} gave up",
        description=f"{COUNT} of the few calls of {{who}} ended with {{{{ $labels.{_OUTCOME} }}}}"
        f" in the last {say.time(window)}.",
        facts={"calls": str(FEW_CALLS)},
    )

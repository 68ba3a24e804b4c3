"""Budgets hold retries back, and go on doing so."""

from __future__ import annotations

from collections.abc import Iterator

from retold import telemetry
from retold.dashboards.rules.alerts.writer import COUNT, Writer
from retold.dashboards.rules.language import MINUTE, both
from retold.dashboards.rules.model import Alert
from retold.telemetry import BUDGET, label_name

_BUDGET = label_name(BUDGET)


def alerts(writer: Writer) -> Iterator[Alert]:
    say = writer.say
    # As long as the alert waits: in a longer window, one burst of denials would do to set it off.
    window = say.time(5 * MINUTE)
    denied = say.of_targets(f"increase({say.select(telemetry.BUDGET_DENIALS)}[{window}])", _BUDGET)
    left = say.of_targets(say.select(telemetry.BUDGET_AVAILABLE), _BUDGET)
    low = say.of_targets(f"clamp_min(0.1 * {say.select(telemetry.BUDGET_CAPACITY)}, 1)", _BUDGET)

    yield writer.alert(
        "RetoldBudgetExhausted",
        "Denied again and again, and hardly anything left in all processes together: denials alone may be one process's"
        " trouble, and a budget that is low and denies nothing is large enough. Less than one retry is always low:"
        " a tenth of a small budget is less, and it would be above that time and again while it denies every call.",
        both(f"{denied} > 0", f"{left} < {low}"),
        hold=5 * MINUTE,
        severity="warning",
        summary=f"The budget {{{{ $labels.{_BUDGET} }}}} of {{who}} is used up",
        description=f"{COUNT} calls of {{who}} gave up in the last {window} because the budget"
        f" {{{{ $labels.{_BUDGET} }}}} had no retry left, and there are hardly any now: what these calls depend on"
        " fails more often than it allows.",
        of_targets=True,
        facts={"window": window},
    )

"""All alerts, by what they are about."""

from __future__ import annotations

from retold.dashboards.rules.alerts import budgets, burn, ends, load, telemetry, waiting, worth
from retold.dashboards.rules.alerts.writer import Writer
from retold.dashboards.rules.language import Language
from retold.dashboards.rules.model import Group

_THEMES = {
    "retold.burn": burn.alerts,
    "retold.ends": ends.alerts,
    "retold.worth": worth.alerts,
    "retold.load": load.alerts,
    "retold.budgets": budgets.alerts,
    "retold.waiting": waiting.alerts,
    "retold.telemetry": telemetry.alerts,
}


def alerts(say: Language) -> tuple[Group, ...]:
    """The groups: what breaks promises first, what may break trust in the others last."""
    writer = Writer(say)
    return tuple(Group(name, tuple(theme(writer))) for name, theme in _THEMES.items())

"""The rules as they are built, and which of them an alert stands on."""

from __future__ import annotations

from retold.dashboards.options import Options
from retold.dashboards.rules.alerts import alerts
from retold.dashboards.rules.language import Language
from retold.dashboards.rules.model import Alert, Group, Recording
from retold.dashboards.rules.recording import recordings
from tests.dashboards.promql_walk import names_in


def groups(options: Options) -> list[Group]:
    say = Language(options)
    return [*recordings(say), *alerts(say)]


GROUPS = groups(Options())
RECORDINGS = {rule.name: rule for group in GROUPS for rule in group.rules if isinstance(rule, Recording)}
ALERTS = [rule for group in GROUPS for rule in group.rules if isinstance(rule, Alert)]
ALERT_NAMES = list(dict.fromkeys(alert.name for alert in ALERTS))

_ASKED: dict[str, set[str]] = {}
for _group in groups(Options(fallbacks_are_served=True)):  # which asks for the most
    for _rule in _group.rules:
        _ASKED.setdefault(_rule.name, set()).update(names_in(_rule.expr))


def stands_on(*names: str) -> set[str]:
    """All series and recorded series that alerts or recorded series of these names need, themselves included."""
    return {*names}.union(*(stands_on(*_ASKED.get(name, ())) for name in names))

"""The rules as they are built, and which of them an alert stands on."""

from __future__ import annotations

from retold.dashboards.options import Options
from retold.dashboards.rules.alerts import alerts
from retold.dashboards.rules.language import Language
from retold.dashboards.rules.model import Alert, Group, Recording
from retold.dashboards.rules.recording import recordings
from tests.dashboards.promql_walk import names_in

_LANGUAGE = Language(Options())

GROUPS: tuple[Group, ...] = (*recordings(_LANGUAGE), *alerts(_LANGUAGE))
RECORDINGS = {rule.name: rule for group in GROUPS for rule in group.rules if isinstance(rule, Recording)}
ALERTS = [rule for group in GROUPS for rule in group.rules if isinstance(rule, Alert)]
ALERT_NAMES = list(dict.fromkeys(alert.name for alert in ALERTS))


def stands_on(*names: str) -> set[str]:
    """All series and recorded series that alerts or recorded series of these names need, themselves included."""
    known = set(names)
    for name in names:
        rules = [RECORDINGS[name]] if name in RECORDINGS else [alert for alert in ALERTS if alert.name == name]
        known |= stands_on(*(inner for rule in rules for inner in names_in(rule.expr) if inner != name))
    return known

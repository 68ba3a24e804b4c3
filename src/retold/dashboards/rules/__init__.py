"""The rules for Prometheus, and the runbooks that alerts lead to."""

from __future__ import annotations

from retold.dashboards.options import Options
from retold.dashboards.rules.alerts import alerts
from retold.dashboards.rules.language import Language
from retold.dashboards.rules.model import Alert
from retold.dashboards.rules.recording import recordings
from retold.dashboards.rules.runbooks import runbooks
from retold.dashboards.rules.yaml import document

_RECORDING_HEAD = """\
What Retold's alerts and boards are made of. Written by `retold dashboards write`: change its options, not this file.

Rates are per second. All are summed to {level}:
which pod, and which library told it, goes away."""

_ALERT_HEAD = """\
Alerts on what Retold tells. Written by `retold dashboards write`: change its options, not this file.

They ask for series of retold.rules.yml, which must be loaded beside."""


def rules(options: Options) -> dict[str, str]:
    """The rules' and runbooks' files by path."""
    say = Language(options)
    recorded, alarms = recordings(say), alerts(say)
    pages = runbooks(alert for group in alarms for alert in group.rules if isinstance(alert, Alert))
    return {
        "prometheus/retold.rules.yml": document(_RECORDING_HEAD.format(level=", ".join(say.level)), recorded),
        "prometheus/retold.alerts.yml": document(_ALERT_HEAD, alarms),
        **{f"runbooks/{name}": text for name, text in pages.items()},
    }

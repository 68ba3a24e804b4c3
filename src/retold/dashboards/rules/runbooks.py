"""The runbooks: pages of the package, with what the alert says filled in, so that neither can drift from the other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files
from string import Template
from textwrap import fill

from retold.dashboards.rules.alerts.writer import IN_JOB
from retold.dashboards.rules.model import Alert
from retold.telemetry import BUDGET, EXPORTER, LABEL, OPERATION, label_name

_HEAD = """\
# {name}

> {summary}

"""
_ALERT = """
## The alert

{conditions}
Written by `retold dashboards write`. [All runbooks](README.md)
"""
_INDEX = """\
# Runbooks

What to do when an alert of Retold's fires. Each begins with what users notice and ends with how to see that it is over.
Written by `retold dashboards write`.

A *call* is one use of a policy on an operation; an *attempt* is one run of the function in it; a *give-up* is a call
that failed because its policy ran out. In the queries below, fill in your operation, budget and job. Sums over all
operations count nested calls more than once: look at one operation at a time.

| alert | severity | after | it means |
|---|---|---|---|
{rows}
"""


def runbooks(alerts: Iterable[Alert]) -> dict[str, str]:
    """The pages by file name, with an index."""
    by_name: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_name.setdefault(alert.name, []).append(alert)
    pages = {f"{name}.md": _page(name, same) for name, same in by_name.items()}
    return {**pages, "README.md": _INDEX.format(rows="\n".join(_row(same) for same in by_name.values()))}


def _page(name: str, alerts: list[Alert]) -> str:
    source = files("retold.dashboards").joinpath("runbooks", f"{name}.md").read_text(encoding="utf-8")
    text = Template(source).substitute(alerts[0].facts)
    alert = _ALERT.format(conditions="\n".join(_condition(each) for each in alerts))
    return _HEAD.format(name=name, summary=_plain(alerts[0].summary)) + text + alert


def _condition(alert: Alert) -> str:
    after = f"after {alert.hold}, as long" if alert.hold else "as soon"
    says = f"Fires as `{alert.severity}` {after} as this holds:"
    return f"{fill(alert.why, 120)}\n\n{says}\n\n```promql\n{alert.expr}\n```\n"


def _row(alerts: list[Alert]) -> str:
    first = alerts[0]
    severities = ", ".join(alert.severity for alert in alerts)
    return f"| [{first.name}]({first.name}.md) | {severities} | {first.hold or 'at once'} | {_plain(first.summary)} |"


def _plain(summary: str) -> str:
    """A summary of no operation in particular: `An operation gives up on callers fast`."""
    plain = _LABEL.sub(lambda found: _ANY[found[1]], summary.replace(IN_JOB, ""))
    plain = " ".join(plain.split())
    return plain[:1].upper() + plain[1:]


_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
_ANY = {
    label_name(OPERATION): "an operation",
    label_name(BUDGET): "",
    label_name(EXPORTER): "",
    label_name(LABEL): "a label",
    "job": "a process",
}

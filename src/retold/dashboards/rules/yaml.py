"""Groups of rules as YAML that people like to read: expressions and reasons stand as they were written.

A library for YAML would write neither comments nor text folded at a width.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from textwrap import indent, wrap

from retold.dashboards.rules.model import Alert, Group, Recording, Rule

_WIDTH = 110


def document(head: str, groups: Iterable[Group]) -> str:
    """A file of rules that begins with a comment."""
    return "\n".join([*_comment(head), "", "groups:", *_spaced(_group(group) for group in groups)]) + "\n"


def _group(group: Group) -> Iterator[str]:
    yield f"  - name: {group.name}"
    yield "    rules:"
    lines = _spaced(_recording(rule) if isinstance(rule, Recording) else _alert(rule) for rule in group.rules)
    yield from (f"      {line}".rstrip() for line in lines)


def _recording(rule: Recording) -> Iterator[str]:
    yield from _comment(rule.help)
    yield f"- record: {rule.name}"
    yield from _expression(rule)


def _alert(rule: Alert) -> Iterator[str]:
    yield from _comment(rule.why)
    yield f"- alert: {rule.name}"
    yield from _expression(rule)
    if rule.hold:
        yield f"  for: {rule.hold}"
    yield "  labels:"
    yield f"    severity: {rule.severity}"
    yield "  annotations:"
    yield f"    summary: {json.dumps(rule.summary)}"
    yield "    description: >-"
    yield from (f"      {line}" for line in _wrapped(rule.description))
    yield f"    runbook_url: {json.dumps(rule.runbook_url)}"
    yield f"    dashboard_url: {json.dumps(rule.dashboard_url)}"


def _spaced(parts: Iterable[Iterable[str]]) -> Iterator[str]:
    """Their lines, with an empty one between two parts."""
    for number, part in enumerate(parts):
        yield from [""] * (number > 0)
        yield from part


def _expression(rule: Rule) -> Iterator[str]:
    yield "  expr: |"
    yield from indent(rule.expr, "    ").splitlines()


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for paragraph in text.splitlines() for line in _wrapped(paragraph) or [""]]


def _wrapped(text: str) -> list[str]:
    # A template stays in one piece: to `wrap`, this is no space.
    whole = re.sub(r"\{\{.*?\}\}", lambda found: found[0].replace(" ", "\u00a0"), text)
    lines = wrap(whole, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in lines]

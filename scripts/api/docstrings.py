"""Docstrings as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Set
from typing import Any

_HEAD = re.compile(r"(Args|Attributes|Raises|Returns):")
_ITEM = re.compile(r"    (\S[^:]*): (.*)")


def prose(value: Any, hidden: Set[str] = frozenset()) -> list[str]:
    """A docstring as Markdown: lists for what has names, fences around code, which a blank line sets apart.

    Args:
        value: What has the docstring.
        hidden: Names that are left out of its lists.
    """
    made: list[str] = []
    listed: bool | None = False  # None for what is left out
    fenced = False
    for line in [*(inspect.getdoc(value) or "").splitlines(), ""]:
        if line and not line.startswith(" ") and fenced:
            made[-1:] = ["```", ""]
            fenced = False
        if head := _HEAD.fullmatch(line):
            made += [f"**{head[1]}**", ""]
            listed = True
        elif listed is not False and (item := _ITEM.fullmatch(line)):
            names = item[1].split(", ")
            listed = None if hidden >= {*names} else True
            made += [] if listed is None else [f"- {', '.join(f'`{name}`' for name in names)}: {item[2]}"]
        elif listed is not False and line.startswith("     "):
            made += [] if listed is None else [f"  {line.strip()}"]
        elif line.startswith("    ") and listed is False and (fenced or not made[-1]):
            made += [line[4:]] if fenced else ["```", line[4:]]
            fenced = True
        else:
            listed = listed if not line else False
            made.append(line.strip())
    if fenced:
        made[-1:] = ["```"]
    while made and not made[-1]:
        made.pop()
    return made

"""Writes the reference of all public names from their docstrings: docs/reference/api.md.

.venv/bin/python -m scripts.api            write it
.venv/bin/python -m scripts.api --check    fail if it is not what would be written

Tests run every example on the page.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from collections.abc import Iterator
from enum import Enum
from functools import cached_property
from pathlib import Path
from textwrap import dedent
from typing import Any, Final, cast

import retold
from retold.core.rules import MISSING
from scripts.api.docstrings import prose
from scripts.api.sections import SECTIONS, Section

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "api.md"
COMMAND = "python -m scripts.api"

HEAD = f"""\
# Every public name

Written by `{COMMAND}` from the docstrings; tests run the examples. What is not here is not public and may
change in any version. [Telemetry](telemetry.md) has the names of metrics, spans and log lines, and
[Coming from other libraries](../coming-from/README.md) what others call what is here.
"""

_INTERNAL: Final = {"Attempt": frozenset({"next", "offer", "leave", "state"})}
"""Members without an underscore that are ours all the same."""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for section in SECTIONS for line in _section(section))]).rstrip() + "\n"


def public() -> set[str]:
    """The full name of everything on it."""
    return {f"{section.place}.{name}" for section in SECTIONS for name in section.names}


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {section.title}", "")
    place = importlib.import_module(section.place)
    if place is not retold and section.example:
        yield from (*prose(place), "")
    if section.example:
        yield from ("```pycon", *dedent(section.example).strip().splitlines(), "```", "")
    for name in section.names:
        value = getattr(place, name)
        yield from (f"### `{section.place}.{name}`", "")
        if value is retold.Policy and name != "Policy":
            yield from ("`retold.Policy`, by the name that reads well as a decorator.", "")
            continue
        yield from _described(name, value)


def _described(name: str, value: Any) -> Iterator[str]:
    signature = _signature(value)
    if signature is not None:
        yield from ("```python", f"{name}{signature}", "```", "")
    yield from (*prose(value, _INTERNAL.get(name, frozenset())), "")
    if isinstance(value, type):
        if issubclass(value, Enum):
            yield from (*(f"- `{each.name}`: `{each.value!r}`" for each in value), "")
        members = list(_members(name, value))
        if members:
            yield from ("**Members**", "")
        for member in members:
            yield from _member(member, inspect.getattr_static(value, member))


def _members(name: str, value: type) -> Iterator[str]:
    for member, raw in vars(value).items():
        shown = not member.startswith("_") or member in ("__iter__", "__aiter__")
        if shown and member not in _INTERNAL.get(name, ()) and _documentation(raw):
            yield member


def _member(name: str, raw: Any) -> Iterator[str]:
    signature = "" if isinstance(raw, (property, cached_property)) else f"({', '.join(_parameters(raw))})"
    kind = "async " if inspect.iscoroutinefunction(raw) else ""
    first, *more = prose(raw)
    yield f"- `{kind}{name}{signature}`: {first}"
    yield from (f"  {line}" if line else "" for line in more)
    yield ""


def _documentation(raw: Any) -> str | None:
    if callable(raw) or isinstance(raw, (property, cached_property, staticmethod, classmethod)):
        return cast("str | None", raw.__doc__)  # what it inherits is said where it is from
    return None


def _signature(value: Any) -> str | None:
    """How it is called; None for what nobody calls."""
    if isinstance(value, type):
        given = value is retold.Attempt or issubclass(value, (Enum, Warning)) or getattr(value, "_is_protocol", False)
        if given or (issubclass(value, Exception) and "__init__" not in vars(value)):
            return None
    parts = _parameters(value)
    whole = f"({', '.join(parts)})"
    return whole if len(whole) < 100 else "(\n    " + ",\n    ".join(parts) + ",\n)"


def _parameters(value: Any) -> list[str]:
    """The parameters and their defaults: types are in the code, and in editors."""
    parts: list[str] = []
    for each in inspect.signature(value).parameters.values():
        if each.name in ("self", "misplaced"):
            continue
        if each.kind is each.KEYWORD_ONLY and not any(part.startswith("*") for part in parts):
            parts.append("*")
        star = "**" if each.kind is each.VAR_KEYWORD else "*" if each.kind is each.VAR_POSITIONAL else ""
        parts.append(f"{star}{each.name}{_default(each.default)}")
    return parts


def _default(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return ""
    return "=..." if value is MISSING or " at 0x" in repr(value) else f"={value!r}"


def main() -> int:
    """Write it, or say that it differs."""
    parser = argparse.ArgumentParser(description="Write the reference of all public names.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if the file is not up to date")
    check = parser.parse_args().check
    made = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == made:
        return 0
    if check:
        print(f"{PAGE.relative_to(ROOT)} is not what the code says: run {COMMAND}", file=sys.stderr)
        return 1
    PAGE.write_text(made, encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

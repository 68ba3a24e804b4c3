"""Reads what `/metrics` endpoints serve: Prometheus's text format, and OpenMetrics as far as it is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A quoted value may hold braces, and in OpenMetrics an exemplar with braces of its own may follow the number.
_SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{((?:[^"{}\n]|"(?:[^"\\\n]|\\.)*")*)\})?[ \t]+(\S+)', re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of a series."""

    name: str
    labels: dict[str, str]
    value: float


def samples(text: str, prefix: str = "") -> Iterator[Sample]:
    """All samples whose names begin with `prefix`; what is no sample is passed over."""
    for name, labels, value in _SAMPLE.findall(text):
        if name.startswith(prefix):
            try:
                yield Sample(name, {each: _unescaped(of) for each, of in _LABEL.findall(labels)}, float(value))
            except ValueError:
                continue


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], value)

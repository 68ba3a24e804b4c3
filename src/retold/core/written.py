"""How rules are written in one line: the `repr` of a policy."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial
from typing import cast

from retold.core.backoff import Computed, Listed
from retold.core.rules import MISSING, Rules


def written(rules: Rules) -> Iterator[str]:
    """The options that are not the default, as they were written; values that may be secrets are left out."""
    for field in dataclasses.fields(rules):
        value = getattr(rules, field.name)
        if value is MISSING or value == field.default:
            continue
        yield f"{field.name}={'...' if field.name == 'fallback' else as_written(value)}"


def as_written(value: object) -> str:
    """A value as one would write it."""
    match value:
        case tuple():
            return f"({', '.join(as_written(each) for each in cast('tuple[object, ...]', value))})"
        case Listed():
            return repr(list(value.delays))
        case Computed():
            return as_written(value.function)
        case partial():
            return f"partial({as_written(value.func)}, ...)"
        case _:
            return getattr(value, "__qualname__", None) or repr(value)

"""The warning that a call retries inside of another that retries too: their attempts multiply."""

from __future__ import annotations

import warnings
from typing import Final

from retold.errors import NestedRetryWarning
from retold.nesting import outers
from retold.runners.caller import level_of_the_caller


def retries(operation: str, max_attempts: int | None) -> None:
    """A call of this operation is about to retry for the first time: warn if it is nested, once for each operation.

    Looking takes longer than a decision, so not every call does, but the first, the second, the fourth, and so on. That
    costs next to nothing on the average, and what is retried alone at first and inside of others later is seen too.
    Of the calls of a function of which nobody is told, the first alone comes here: `Untold.unlooked`.
    """
    retried = _retried.get(operation, 0) + 1
    if retried == 1 and len(_retried) == OPERATIONS:
        return
    _retried[operation] = retried
    if not retried & (retried - 1):
        look(operation, max_attempts)


def look(operation: str, max_attempts: int | None) -> None:
    """Warn if a call that is about to retry is nested, unless its operation was warned of."""
    if operation in _warned:
        return
    outer = next((each for each in outers() if each.max_attempts != 1), None)
    if outer is None:
        return
    _warned.add(operation)
    limits = max_attempts, outer.max_attempts
    most = "" if None in limits else f": up to {limits[1]} x {limits[0]} attempts where one call was meant"
    warnings.warn(
        f"{operation} retries inside of {outer.operation}, which retries too{most}; let one of the two retry",
        NestedRetryWarning,
        stacklevel=level_of_the_caller(),
    )


OPERATIONS: Final = 1000
"""How many are watched: some programs make names as they go."""

_retried: dict[str, int] = {}
_warned: set[str] = set()

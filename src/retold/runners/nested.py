"""Whether a call retries inside of another that retries too, so that their attempts multiply; and the warning."""

from __future__ import annotations

import warnings
from typing import Final

from retold.errors import NestedRetryWarning
from retold.nesting import retrying_outer
from retold.runners.caller import level_of_the_caller


def retries(operation: str, max_attempts: int | None, *, counted: bool) -> bool:
    """A call of this operation is about to retry for the first time. Warn if it is nested, once for each operation.

    Looking takes longer than a decision. Where nested calls are counted, each has to look. Else not every call does,
    but the first, the second, the fourth, and so on: that costs next to nothing on the average, and what is retried
    alone at first and inside of others later is seen too. Of the calls of a function of which nobody is told, the
    first alone comes here then: `Untold.unlooked`.

    Args:
        operation: The call's.
        max_attempts: What its policy allows.
        counted: Whether nested calls are counted.

    Returns:
        Whether the call, which has looked, retries inside of another that retries too.
    """
    if not counted and not _looks(operation):
        return False
    outer = retrying_outer()
    if outer is None:
        return False
    if operation not in _warned and len(_warned) < OPERATIONS:
        _warned.add(operation)
        limits = max_attempts, outer.max_attempts
        most = "" if None in limits else f": up to {limits[1]} x {limits[0]} attempts where one call was meant"
        warnings.warn(
            f"{operation} retries inside of {outer.operation}, which retries too{most}; let one of the two retry",
            NestedRetryWarning,
            stacklevel=level_of_the_caller(),
        )
    return True


def _looks(operation: str) -> bool:
    """Whether this call of the operation is one that looks."""
    retried = _retried.get(operation, 0) + 1
    if operation in _warned or (retried == 1 and len(_retried) == OPERATIONS):
        return False
    _retried[operation] = retried
    return not retried & (retried - 1)


OPERATIONS: Final = 1000
"""How many are watched: some programs make names as they go."""

_retried: dict[str, int] = {}
_warned: set[str] = set()

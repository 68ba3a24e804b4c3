"""What stands in a decorated generator function's place.

It has no parameters of its own: what passing them on costs is nothing beside an iteration.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from retold.journal import JOURNAL
from retold.naming import name_of
from retold.runners.call import Call
from retold.runners.plan import Plan
from retold.wrapper.kinds import is_async_generator


def wrap_generator(plan: Plan, function: Callable[..., Any]) -> Callable[..., Any]:
    """A generator function, sync or async as `function` is, that iterates it under a policy."""
    rules = plan.rules
    name = name_of(function)
    operation = rules.operation or name
    # Most programs decorate no generator.
    if is_async_generator(function):
        from retold.runners.async_generators import retried
    else:
        from retold.runners.generators import retried  # type: ignore[assignment]
    wrapper = retried(lambda: Call(plan, operation, name), function, opens=rules.generator == "open")
    functools.update_wrapper(wrapper, function)
    JOURNAL.register(operation, rules.attempts, named=rules.operation is not None)
    return wrapper

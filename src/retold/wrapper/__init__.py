"""What stands in a decorated function's place."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from retold.naming import name_of
from retold.runners.plan import Plan
from retold.wrapper.kinds import is_async, refuse_async, refuse_async_fallback, refuse_class, refuse_generator
from retold.wrapper.signature import Signature
from retold.wrapper.target import Target

__all__ = ["is_async", "refuse_async", "refuse_async_fallback", "refuse_class", "refuse_generator", "wrap"]

SAME_SIGNATURE = True
"""Whether wrappers have the parameters of their functions where these can be read; the tests run with both."""


def wrap(plan: Plan, function: Callable[..., Any], operation: str) -> Callable[..., Any]:
    """A function of the same kind and signature that calls `function` under a policy.

    Raises:
        TypeError: It cannot be retried correctly.
    """
    refuse_class(function)
    refuse_generator(function)
    asynchronous = is_async(function)
    if not asynchronous:
        refuse_async_fallback(plan.rules, function)
    target = Target(plan, function, operation, asynchronous=asynchronous)
    return _dress(target.wrapper(Signature.of(function) if SAME_SIGNATURE else None), function)


def _dress(wrapper: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """`functools.update_wrapper`, which also does for callables without a name."""
    functools.update_wrapper(wrapper, function)
    if not hasattr(function, "__name__"):
        wrapper.__name__ = wrapper.__qualname__ = name_of(function).rpartition(".")[2]
    return wrapper

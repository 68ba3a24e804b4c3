"""What stands in a decorated function's place."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

from retold.journal import JOURNAL
from retold.naming import name_of
from retold.runners.plan import Plan
from retold.wrapper.iterated import wrap_generator
from retold.wrapper.kinds import (
    is_async,
    is_generator,
    refuse_async,
    refuse_async_fallback,
    refuse_attempt_timeout,
    refuse_class,
    refuse_generator,
    refuse_undeclared,
    shown_async,
    warn_of_coroutine,
)
from retold.wrapper.listening import Manners
from retold.wrapper.signature import shape_of
from retold.wrapper.target import Target

__all__ = [
    "is_async",
    "is_generator",
    "refuse_async",
    "refuse_async_fallback",
    "refuse_attempt_timeout",
    "refuse_generator",
    "warn_of_coroutine",
    "wrap",
]

SAME_SIGNATURE = True
"""Whether wrappers have the parameters of their functions where these can be read; the tests run with both."""


def wrap(plan: Plan, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the same kind and signature that calls `function` under a policy.

    Raises:
        TypeError: It cannot be retried correctly.
    """
    asynchronous = shown_async(function)
    plain = asynchronous is not None
    if asynchronous is None:
        refuse_class(function)
        if is_generator(function):
            refuse_undeclared(plan.rules, function)
            return wrap_generator(plan, function)
        asynchronous = is_async(function)
    rules = plan.rules
    if not asynchronous and not plan.iterable:
        refuse_attempt_timeout(rules, function)
        refuse_async_fallback(rules, function)
    name = name_of(function)
    operation = rules.operation or name
    manners = plan.manners.get(asynchronous) or Manners(plan, asynchronous=asynchronous)
    if isinstance(function, FunctionType):
        shape = shape_of(function) if SAME_SIGNATURE else None
        wrapper = Target(manners, operation, name, shape).wrapper(
            function, function.__name__, function.__qualname__, function.__defaults__
        )
        if function.__kwdefaults__ is not None:
            wrapper.__kwdefaults__ = function.__kwdefaults__
    else:
        short = name.rpartition(".")[2]
        wrapper = Target(manners, operation, name, None).wrapper(function, short, short)
    if plain:
        wrapper.__module__ = function.__module__
        wrapper.__doc__ = function.__doc__
        for attribute in _FURTHER:
            setattr(wrapper, attribute, getattr(function, attribute))
        wrapper.__wrapped__ = function  # type: ignore[attr-defined]
    else:
        functools.update_wrapper(wrapper, function)
    JOURNAL.register(operation, rules.attempts, named=rules.operation is not None)
    return wrapper


# Annotations and type parameters, as this version of Python has them.
_FURTHER = tuple(sorted({*functools.WRAPPER_ASSIGNMENTS} - {"__name__", "__qualname__", "__module__", "__doc__"}))

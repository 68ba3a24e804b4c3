"""Which kinds of functions can be retried, and what those who bring another are told."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import FunctionType
from typing import Any

from retold.core.rules import MISSING, Rules
from retold.errors import RetoldWarning
from retold.naming import name_of, unwrap_partial
from retold.runners.caller import level_of_the_caller
from retold.wrapper.flags import ASYNC_GENERATOR, COROUTINE, GENERATOR, ITERABLE_COROUTINE

_SPECIAL = GENERATOR | COROUTINE | ITERABLE_COROUTINE | ASYNC_GENERATOR


def shown_async(function: Callable[..., Any]) -> bool | None:
    """Whether it is async, where that shows at a glance; None where it takes a closer look.

    Nearly all are functions of which nothing is known but their code. What `inspect.markcoroutinefunction` does shows
    in an attribute, and generators are to be refused.
    """
    if not isinstance(function, FunctionType) or function.__dict__:
        return None
    special = function.__code__.co_flags & _SPECIAL
    return False if not special else True if special == COROUTINE else None


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it makes a coroutine: coroutine functions, partials and callable objects of such."""
    shown = shown_async(function)
    if shown is not None:
        return shown
    import inspect  # which takes long, and is seldom needed

    return any(inspect.iscoroutinefunction(each) for each in _run_by(unwrap_partial(function)))


def _run_by(target: Any) -> tuple[Any, ...]:
    """What may say which kind of function a callable is: itself, or its class's `__call__`."""
    return (target,) if isinstance(target, FunctionType) else (target, type(target).__call__)


def refuse_class(function: object) -> None:
    """Raise TypeError for what is no function, or more than one."""
    if not callable(function):
        raise TypeError(f"a policy decorates functions, not {function!r}")
    if isinstance(function, type):
        raise TypeError(
            f"a policy decorates functions, and {function.__qualname__} is a class:"
            " decorate its methods, or give it to policy.call"
        )


def is_generator(function: Callable[..., Any]) -> bool:
    """Whether calling it makes a generator, sync or async, which fails while it is iterated."""
    if shown_async(function) is not None:
        return False
    import inspect  # as above

    each = _run_by(unwrap_partial(function))
    return any(map(inspect.isgeneratorfunction, each)) or any(map(inspect.isasyncgenfunction, each))


def is_async_generator(function: Callable[..., Any]) -> bool:
    """Whether a generator function is async."""
    import inspect  # as above

    return any(map(inspect.isasyncgenfunction, _run_by(unwrap_partial(function))))


def refuse_undeclared(rules: Rules, function: Callable[..., Any]) -> None:
    """Raise TypeError for a generator of which nobody has said what is to be retried, or that it cannot be."""
    name = name_of(function)
    if rules.generator is None:
        raise TypeError(
            f"{name} is a generator, which fails while it is iterated and not when it is called. Say what to do:"
            " generator='restart' starts it anew, so that its items come again;"
            " generator='open' retries until there is a first item, and what it raises later propagates"
        )
    for option, is_set in (
        ("on_result", rules.on_result is not None),
        ("fallback", rules.fallback is not MISSING),
        ("attempt_timeout", rules.attempt_timeout is not None),
    ):
        if is_set:
            raise TypeError(f"{name} is a generator, whose items are given out one by one: leave out {option}")


def refuse_generator(function: Callable[..., Any]) -> None:
    """Raise TypeError for what is no function, and for a generator, which a policy cannot call but only decorate."""
    if shown_async(function) is not None:
        return
    if not callable(function):  # what is shown is its type, since it may be a result, and a secret
        raise TypeError(
            f"a policy calls a function with its arguments, not a {type(function).__qualname__}:"
            " write policy.call(fetch, url) in place of policy.call(fetch(url))"
        )
    if is_generator(function):
        raise TypeError(
            f"{name_of(function)} is a generator: decorate it with a policy that has a generator=, or iterate a policy"
            " inside of it"
        )


def refuse_async(function: Callable[..., Any]) -> None:
    """Raise TypeError for what a synchronous call could not await."""
    if is_async(function):
        raise TypeError(f"{name_of(function)} is async: write await policy.acall(...) or await policy.arun(...)")


def refuse_attempt_timeout(rules: Rules, function: Callable[..., Any]) -> None:
    """Raise TypeError for a limit that nothing but cancellation could keep, and a synchronous function has none."""
    if rules.attempt_timeout is not None:
        raise TypeError(
            f"attempt_timeout cannot interrupt {name_of(function)}, which is not async: give the client that it calls"
            f" a timeout, such as timeout={rules.attempt_timeout:g}, or make it async"
        )


def refuse_async_fallback(rules: Rules, function: Callable[..., Any]) -> None:
    """Raise TypeError for a fallback that a synchronous function could not await."""
    if callable(rules.fallback) and is_async(rules.fallback):
        raise TypeError(f"the fallback is async and {name_of(function)} is not, so it could not be awaited")


_warned: set[str] = set()


def warn_of_coroutine(operation: str) -> None:
    """Warn once of a function that returned a coroutine, and does not show that it is async: nobody retries it."""
    if operation not in _warned:
        _warned.add(operation)
        warnings.warn(
            f"{operation} is not async and returned a coroutine, which is a success: what the coroutine raises is not"
            " retried. Write await policy.acall(...), which awaits it in each attempt",
            RetoldWarning,
            stacklevel=level_of_the_caller(),
        )

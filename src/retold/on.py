"""Conditions for the option `on`, to be put together: `on.any_of(OSError, on.cause(TimeoutError))`.

Each takes what `on` takes, an exception type, a tuple of them or a predicate, and is a predicate itself. They can be
compared and pickled as far as their parts can, and their `repr` is what one would write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from retold.core.checks import check_condition
from retold.core.groups import leaves
from retold.core.written import as_written
from retold.errors import PolicyError

__all__ = ["all_of", "any_of", "cause", "group", "not_"]

Condition: TypeAlias = type[BaseException] | tuple[type[BaseException], ...] | Callable[[Exception], object]
Predicate: TypeAlias = Callable[[BaseException], bool]
Match: TypeAlias = Literal["any", "all"]


def any_of(*conditions: Condition) -> Predicate:
    """Holds if one of the conditions does; those after it are not asked.

    Raises:
        PolicyError: There is no condition, or one is no exception type, tuple of them or predicate.
    """
    return _AnyOf(_some("any_of", conditions))


def all_of(*conditions: Condition) -> Predicate:
    """Holds if all conditions do; those after one that does not are not asked.

    Raises:
        PolicyError: There is no condition, or one is no exception type, tuple of them or predicate.
    """
    return _AllOf(_some("all_of", conditions))


def not_(unwanted: Condition) -> Predicate:
    """Holds if the condition does not. What is no `Exception` is never retried all the same.

    Raises:
        PolicyError: `unwanted` is no exception type, tuple of them or predicate.
    """
    return _Not(_checked("not_", unwanted))


def cause(of: Condition) -> Predicate:
    """Holds if the condition does for something that the exception was raised from, however far back.

    The exception itself is not among them. They are those that a traceback prints: the `__cause__` of each if it has
    one, else its `__context__`, unless that is suppressed. A chain that comes around again ends there.

    Raises:
        PolicyError: `of` is no exception type, tuple of them or predicate.
    """
    return _Cause(_checked("cause", of))


def group(of: Condition, *, match: Match = "any") -> Predicate:
    """Holds for an exception group in which the condition holds for one exception, or for all of them.

    Groups inside of groups are looked into, and only what is in them is asked about. Other exceptions are no group, so
    most will write `on.any_of(OSError, on.group(OSError, match="all"))`. Without it, what is in a group never counts,
    but that an `Abort` in it ends the call whatever `on` says.

    Args:
        of: What is to hold for what is in the group.
        match: `any` is for a group in which one thing is worth a retry, `all` for one in which everything is.

    Raises:
        PolicyError: `of` is no exception type, tuple of them or predicate; `match` is neither `any` nor `all`.
    """
    if match not in ("any", "all"):
        raise PolicyError(f"match must be 'any' or 'all', not {match!r}")
    return _Group(_checked("group", of), match)


@dataclass(frozen=True, slots=True, repr=False)
class _AnyOf:
    among: tuple[Condition, ...]

    def __call__(self, error: BaseException, /) -> bool:
        return any(_holds(each, error) for each in self.among)

    def __repr__(self) -> str:
        return f"on.any_of({', '.join(map(as_written, self.among))})"


@dataclass(frozen=True, slots=True, repr=False)
class _AllOf:
    among: tuple[Condition, ...]

    def __call__(self, error: BaseException, /) -> bool:
        return all(_holds(each, error) for each in self.among)

    def __repr__(self) -> str:
        return f"on.all_of({', '.join(map(as_written, self.among))})"


@dataclass(frozen=True, slots=True, repr=False)
class _Not:
    unwanted: Condition

    def __call__(self, error: BaseException, /) -> bool:
        return not _holds(self.unwanted, error)

    def __repr__(self) -> str:
        return f"on.not_({as_written(self.unwanted)})"


@dataclass(frozen=True, slots=True, repr=False)
class _Cause:
    of: Condition

    def __call__(self, error: BaseException, /) -> bool:
        return any(_holds(self.of, each) for each in _causes(error))

    def __repr__(self) -> str:
        return f"on.cause({as_written(self.of)})"


@dataclass(frozen=True, slots=True, repr=False)
class _Group:
    of: Condition
    match: Match

    def __call__(self, error: BaseException, /) -> bool:
        if not isinstance(error, BaseExceptionGroup):
            return False
        found = (_holds(self.of, each) for each in leaves(error))
        return any(found) if self.match == "any" else all(found)

    def __repr__(self) -> str:
        match = "" if self.match == "any" else f", match={self.match!r}"
        return f"on.group({as_written(self.of)}{match})"


def _some(name: str, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    if not conditions:
        raise PolicyError(f"on.{name} must be given at least one condition, as in on.{name}(OSError)")
    return tuple(_checked(name, each) for each in conditions)


def _checked(name: str, condition: Condition) -> Condition:
    check_condition(f"on.{name}", condition)
    return condition


def _holds(condition: Condition, error: BaseException) -> bool:
    if isinstance(condition, (type, tuple)):
        return isinstance(error, condition)
    # A chain may hold what is no `Exception`, and predicates are written for those.
    return isinstance(error, Exception) and bool(condition(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    following = _before(error)
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = _before(following)


def _before(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None:
        return error.__cause__
    return None if error.__suppress_context__ else error.__context__

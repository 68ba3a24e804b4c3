"""What makes a policy a value: it never changes, and is shown, compared, hashed, copied and pickled by its rules."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Never, Self

from retold.core.rules import Rules
from retold.core.written import written


class Value:
    """An object that is its rules."""

    __slots__ = ()
    _rules: Rules

    @abstractmethod
    def _adopt(self, rules: Rules) -> None:
        """Become what these rules say; once, for `__setattr__` refuses."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(written(self._rules))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and self._rules == other._rules

    def __hash__(self) -> int:
        return hash(self._rules)

    if not TYPE_CHECKING:  # to checkers, who has this may be given any attribute

        def __setattr__(self, name: str, value: object) -> Never:
            raise AttributeError(f"a policy never changes: write policy.replace({name}=...)")

        def __delattr__(self, name: str) -> Never:
            raise AttributeError("a policy never changes")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # A clock and a source of chance belong to their process.
        return _restore, (type(self), dataclasses.replace(self._rules, clock=None, rng=None))


def _restore(kind: type[Value], rules: Rules) -> Value:
    value = object.__new__(kind)
    value._adopt(rules)
    return value

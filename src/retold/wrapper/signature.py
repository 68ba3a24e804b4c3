"""The parameters of a function, as source code: to declare them again, and to pass them on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import FunctionType
from typing import Any

OWN = "_retold_"
"""How every name begins that the generated code uses beside the parameters."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The names of a function's parameters. Defaults are not part of it: a wrapper shares the function's own.

    Functions with equal signatures share generated code.
    """

    positional_only: tuple[str, ...]
    positional: tuple[str, ...]
    more: str | None
    keyword: tuple[str, ...]
    more_keyword: str | None

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Signature | None:
        """The signature of a plain Python function; None for what has no readable one of its own."""
        if not isinstance(function, FunctionType):
            return None
        code = function.__code__
        names = iter(code.co_varnames)
        positional_only = tuple(next(names) for _ in range(code.co_posonlyargcount))
        positional = tuple(next(names) for _ in range(code.co_argcount - code.co_posonlyargcount))
        keyword = tuple(next(names) for _ in range(code.co_kwonlyargcount))
        more = next(names) if code.co_flags & CO_VARARGS else None
        more_keyword = next(names) if code.co_flags & CO_VARKEYWORDS else None
        signature = cls(positional_only, positional, more, keyword, more_keyword)
        return signature if signature._is_writable() else None

    def _is_writable(self) -> bool:
        """Whether every name can be written: the interpreter makes names such as `.0` that cannot."""
        names = [*self.positional_only, *self.positional, *self.keyword, self.more or "x", self.more_keyword or "x"]
        return all(name.isidentifier() and not name.startswith(OWN) for name in names)

    def parameters(self) -> str:
        """For a `def`: `a, /, b, *, c`."""
        parts = [*self.positional_only, *(["/"] if self.positional_only else []), *self.positional]
        if self.more is not None:
            parts.append(f"*{self.more}")
        elif self.keyword:
            parts.append("*")
        parts += self.keyword
        if self.more_keyword is not None:
            parts.append(f"**{self.more_keyword}")
        return ", ".join(parts)

    def arguments(self) -> str:
        """For a call that passes them all on: `a, b, c=c`."""
        more = [] if self.more is None else [f"*{self.more}"]
        more_keyword = [] if self.more_keyword is None else [f"**{self.more_keyword}"]
        keyword = [f"{name}={name}" for name in self.keyword]
        return ", ".join([*self.positional_only, *self.positional, *more, *keyword, *more_keyword])

    def packed(self) -> str:
        """The same as the arguments `(args, kwargs)` of the loops: `(a, b,), {'c': c}`.

        `_retold_nothing` is a mapping for calls without keywords, of which many may be asleep.
        """
        more = [] if self.more is None else [f"*{self.more}"]
        more_keyword = [] if self.more_keyword is None else [f"**{self.more_keyword}"]
        args = "".join(f"{each}, " for each in [*self.positional_only, *self.positional, *more])
        kwargs = ", ".join([*(f"{name!r}: {name}" for name in self.keyword), *more_keyword])
        return f"({args}), {{{kwargs}}}" if kwargs else f"({args}), {OWN}nothing"


ANYTHING = Signature((), (), "args", (), "kwargs")

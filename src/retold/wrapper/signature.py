"""The parameters of a function, as source code: to declare them again, and to pass them on."""

from __future__ import annotations

from types import FunctionType
from typing import NamedTuple, TypeAlias

from retold.wrapper.flags import VARARGS, VARKEYWORDS

OWN = "_retold_"
"""How every name begins that the generated code uses beside the parameters."""

Shape: TypeAlias = tuple[tuple[str, ...], int, int, int]
"""The parameters as a code object has them, to look up code by: their names, positional ones before keywords before
stars; how many are positional only; how many positional at all; and the flags of the stars that there are."""

_STARS = VARARGS | VARKEYWORDS


def shape_of(function: FunctionType) -> Shape:
    """The shape of a function's parameters."""
    code = function.__code__
    positional, stars = code.co_argcount, code.co_flags & _STARS
    count = positional + code.co_kwonlyargcount
    if stars:
        count += stars.bit_count()
    return code.co_varnames[:count], code.co_posonlyargcount, positional, stars


class Signature(NamedTuple):
    """The names of a function's parameters. Defaults are not part of it: a wrapper shares the function's own.

    Functions with equal signatures share generated code.
    """

    positional_only: tuple[str, ...]
    positional: tuple[str, ...]
    more: str | None
    keyword: tuple[str, ...]
    more_keyword: str | None

    @staticmethod
    def of(shape: Shape | None) -> Signature:
        """The signature of functions of this shape; one that takes anything where there is none to be written."""
        if shape is None:
            return ANYTHING
        parameters, positional_only, positional, stars = shape
        end = len(parameters) - stars.bit_count()
        left = list(parameters[end:])
        signature = Signature(
            parameters[:positional_only],
            parameters[positional_only:positional],
            left.pop(0) if stars & VARARGS else None,
            parameters[positional:end],
            left.pop(0) if stars & VARKEYWORDS else None,
        )
        return signature if signature._is_writable() else ANYTHING

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

"""What operations are called when nobody names them."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from types import FrameType, FunctionType
from typing import Any, Final

from retold.errors import RetoldWarning
from retold.telemetry import clean_name


def name_of(function: Callable[..., Any]) -> str:
    """`module.qualname` of what runs in the end: partials are unwrapped, other callable objects named by class."""
    if isinstance(function, FunctionType):
        return clean_name(f"{function.__module__ or 'builtins'}.{function.__qualname__}")
    target: Any = unwrap_partial(function)
    named: Any = target if hasattr(target, "__qualname__") else type(target)
    return clean_name(f"{_module_of(named)}.{named.__qualname__}")


def _module_of(named: Any) -> str:
    module: str | None = getattr(named, "__module__", None)
    if module is None:  # methods of classes written in C do not say
        owner = getattr(named, "__objclass__", None) or getattr(named, "__self__", None)
        module = (owner if isinstance(owner, type) else type(owner)).__module__
    return module


def unwrap_partial(function: Callable[..., Any]) -> Any:
    """The function inside of any number of partials."""
    target: Any = function
    while isinstance(target, functools.partial):
        target = target.func
    return target


_BETWEEN: Final = frozenset({"contextlib", "retold.runners.block"})
_blocks: dict[str, tuple[str, int, int]] = {}
_warned: set[str] = set()


def name_in(frame: FrameType) -> str:
    """`module.qualname` of the function that runs in a frame."""
    return clean_name(f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}")


def name_of_block(frame: FrameType | None) -> str:
    """`module.qualname` of the function that runs in a frame; warns once where it has two blocks.

    Two unnamed blocks in one function would silently share their numbers. Frames of `contextlib`, which enters
    attempts for others, are passed over, and those of the block itself.
    """
    level = 4  # this function, the two of the block that lead here, and then that frame
    while frame is not None and frame.f_globals.get("__name__") in _BETWEEN:
        frame, level = frame.f_back, level + 1
    assert frame is not None
    code = frame.f_code
    name = name_in(frame)
    # By line: one place in the source may be several in the bytecode, and moves when the interpreter warms up.
    place = (code.co_filename, code.co_firstlineno, frame.f_lineno)
    if _blocks.setdefault(name, place) != place and name not in _warned:
        _warned.add(name)
        warnings.warn(
            f"{name} has two blocks that share one operation: give their policies an operation= each",
            RetoldWarning,
            stacklevel=level,
        )
    return name

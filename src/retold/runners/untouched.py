"""Raising an exception that is not the function's own without writing on it."""

from __future__ import annotations

from types import TracebackType


class Untouched:
    """In a `with`, `raise error` does not make what is being handled the context of `error`.

    Raising always does, even over a context that is there. This holds the context only: a frame that held the
    error would keep it alive, for the error's traceback holds the frame.
    """

    __slots__ = ("_context",)

    def __init__(self, error: BaseException) -> None:
        self._context = error.__context__

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException], error: BaseException, traceback: TracebackType) -> None:
        BaseException.__setattr__(error, "__context__", self._context)  # which frozen exceptions allow too

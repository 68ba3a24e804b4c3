"""Exceptions that we raise, or pass on late, are as though we had not had them in hand."""

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


def forget_our_frames(error: BaseException) -> None:
    """Take the frames off its traceback that raising it again adds."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_globals.get("__name__", "").startswith("retold."):
        traceback = traceback.tb_next
    BaseException.__setattr__(error, "__traceback__", traceback)  # which frozen exceptions allow too


def raised_in_handling(error: BaseException, bug: BaseException, handled: BaseException | None) -> None:
    """Have `error` among the contexts of `bug`, as it would be had `bug` been raised while `error` was handled.

    What was handled is what the caller handles, if anything, to which the contexts of `bug` lead.
    """
    seen, each = {id(error)}, bug
    while id(each) not in seen:
        seen.add(id(each))
        if each.__context__ is None or each.__context__ is handled:
            BaseException.__setattr__(each, "__context__", error)
            return
        each = each.__context__

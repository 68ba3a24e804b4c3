"""What of an exception is shown on spans, beside its type: nothing unless asked for, since messages hold secrets."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Literal, TypeAlias

from retold import telemetry
from retold.errors import SettingsError

ExceptionDetails: TypeAlias = Literal["type", "redacted", "full"]
Redaction: TypeAlias = Callable[[str], str]
Show: TypeAlias = Callable[[BaseException], dict[str, str]]
"""The attributes that tell of an exception."""


def details(choice: ExceptionDetails, redact: Redaction | None) -> Show | None:
    """How an exception is shown; None where its type is all.

    Raises:
        SettingsError: A redaction is missing, or would not be asked.
    """
    if choice == "redacted":
        if not callable(redact):
            raise SettingsError(
                f"exception_details='redacted' needs redact=, a callable from message to message, not {redact!r}"
            )
        return _redacted(redact)
    if redact is not None:
        raise SettingsError(
            f"redact is asked by exception_details='redacted' alone, not by {choice!r}: leave one of them out"
        )
    return _in_full if choice == "full" else None


def _redacted(redact: Redaction) -> Show:
    def show(error: BaseException) -> dict[str, str]:
        message: object = redact(_message(error))
        if not isinstance(message, str):
            raise TypeError(f"redact must return a string, not {type(message).__qualname__}")
        return {telemetry.EXCEPTION_MESSAGE: message}

    return show


def _in_full(error: BaseException) -> dict[str, str]:
    return {
        telemetry.EXCEPTION_MESSAGE: _message(error),
        telemetry.EXCEPTION_STACKTRACE: "".join(traceback.format_exception(error)),
    }


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the application's exception, which is not to count as a failure of ours
        return "<str() of the exception failed>"

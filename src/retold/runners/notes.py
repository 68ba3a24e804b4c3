"""The line that a failed call leaves on the exception it raises."""

from __future__ import annotations

from typing import Final

from retold.core.rules import MISSING, Rules
from retold.events import Outcome


def note(error: BaseException, operation: str, outcome: Outcome, attempts: int, waited: float, asked: str = "") -> None:
    """Put one note on `error` that says how the call went, in place of an earlier one of this operation.

    An exception that refuses notes gets none. `asked` is what `not_followed` says, if the server asked for a wait.
    """
    if type(error).add_note is not BaseException.add_note:
        return
    prefix = f"retold: {operation}: "
    text = f"{prefix}{outcome} after {attempts} {'attempt' if attempts == 1 else 'attempts'}"
    if waited >= _LEAST:
        text = f"{text} and {round(waited, 3):g} s of waiting"
    if asked:
        text = f"{text}: {asked}"
    try:
        earlier: object = getattr(error, "__notes__", MISSING)
        if earlier is MISSING:
            error.__notes__ = [text]
        elif isinstance(earlier, list):
            # One assignment: threads that share the exception must not leave two notes of ours.
            error.__notes__ = [*(each for each in earlier if not _starts_with(each, prefix)), text]
    except Exception:  # noqa: BLE001, S110 - a frozen exception
        pass


def not_followed(hint: float, outcome: Outcome, rules: Rules) -> str:
    """What the server asked for where the call ended like this in place of waiting, and what did not allow it."""
    asked = f"the server asked for {hint:g} s"
    if outcome is Outcome.HINT_REFUSED:
        return f"{asked}, hint_cap is {rules.longest_hint:g} s"
    return f"{asked}, timeout is {rules.timeout:g} s" if outcome is Outcome.DEADLINE_EXCEEDED else asked


_LEAST: Final = 0.001
"""Seconds. Less is not worth a word."""


def _starts_with(note: object, prefix: str) -> bool:
    return isinstance(note, str) and note.startswith(prefix)

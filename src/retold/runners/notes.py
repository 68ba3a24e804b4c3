"""The line that a failed call leaves on the exception it raises."""

from __future__ import annotations

from retold.events import Outcome


def note(error: BaseException, operation: str, outcome: Outcome, attempts: int, elapsed: float) -> None:
    """Put one note on `error` that says how the call went, in place of an earlier one of this operation.

    An exception that refuses notes gets none.
    """
    prefix = f"retold: {operation}: "
    times = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    text = f"{prefix}{outcome} after {times} in {elapsed:.3g} s"
    if type(error).add_note is not BaseException.add_note:
        return
    try:
        earlier: list[str] = getattr(error, "__notes__", [])
        # One assignment: threads that share the exception must not leave two notes of ours.
        error.__notes__ = [*(each for each in earlier if not _starts_with(each, prefix)), text]
    except Exception:  # noqa: BLE001 - a frozen exception, or one whose notes are no list of texts
        return


def _starts_with(note: object, prefix: str) -> bool:
    return isinstance(note, str) and note.startswith(prefix)

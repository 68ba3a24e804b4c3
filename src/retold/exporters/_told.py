"""What is expected of the calls that were told, and what there was if that is wrong."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from retold.events import CallEnded, Outcome

_LISTED: Final = 20
"""Calls that a message lists at most."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that is over, and the delays before its retries, as they were planned."""

    call: CallEnded
    delays: tuple[float, ...]

    def __str__(self) -> str:
        call = self.call
        said = [call.outcome.value, _attempts(call.attempts)]
        if self.delays:
            said.append(_delays(self.delays))
        if call.hint is not None:
            said.append(f"asked for {call.hint:g} s")
        if call.error_type is not None:
            said.append(call.error_type)
        if call.fallback:
            said.append("fallback served")
        return f"{call.operation}: {', '.join(said)}"


@dataclass(frozen=True, slots=True)
class Expected:
    """A kind of call; None where anything will do."""

    operation: str | None
    outcome: Outcome | None
    attempts: int | None
    delays: Sequence[float] | None
    error_type: str | None
    fallback: bool | None

    def fits(self, ended: Ended) -> bool:
        """Whether a call is of this kind."""
        call = ended.call
        pairs = (
            (self.operation, call.operation),
            (self.outcome, call.outcome),
            (self.attempts, call.attempts),
            (self.error_type, call.error_type),
            (self.fallback, call.fallback),
        )
        return all(wanted is None or wanted == found for wanted, found in pairs) and (
            self.delays is None
            or (len(self.delays) == len(ended.delays) and all(map(math.isclose, self.delays, ended.delays)))
        )

    def fault(self, count: int, there: Sequence[Ended], running: int) -> str:
        """What to say where there are not `count` such calls, but these, and so many that have not ended."""
        return "\n".join([f"expected {_calls(count)}{self}", *self._what_there_was(there, running)])

    def __str__(self) -> str:
        said = [
            self.outcome and self.outcome.value,
            None if self.attempts is None else _attempts(self.attempts),
            None if self.delays is None else _delays(self.delays),
            self.error_type,
            None if self.fallback is None else f"fallback {'served' if self.fallback else 'not served'}",
        ]
        wanted = ", ".join(filter(None, said))
        return (f" of {self.operation}" if self.operation else "") + (f": {wanted}" if wanted else "")

    def _what_there_was(self, there: Sequence[Ended], running: int) -> Iterator[str]:
        named = [ended for ended in there if self.operation in (None, ended.call.operation)]
        if not there:
            yield "no call has ended"
        elif not named:
            others = Counter(ended.call.operation for ended in there)
            yield f"there was none of {self.operation}, but {_listed(others)}"
        else:
            yield f"there {'was' if len(named) == 1 else 'were'} {_calls(len(named))}, > marks what was expected:"
            for ended in named[:_LISTED]:
                yield f"  {'>' if self.fits(ended) else ' '} {ended}"
            if len(named) > _LISTED:
                yield f"    and {len(named) - _LISTED} more"
        if running:
            yield f"{_calls(running)} {'has' if running == 1 else 'have'} begun and not ended"


def _listed(operations: Counter[str]) -> str:
    return ", ".join(f"{_calls(number)} of {name}" for name, number in operations.most_common())


def _calls(number: int) -> str:
    return f"{number} call{'' if number == 1 else 's'}"


def _attempts(number: int) -> str:
    return f"{number} attempt{'' if number == 1 else 's'}"


def _delays(delays: Sequence[float]) -> str:
    return f"delays {[float(f'{delay:.4g}') for delay in delays]}"

"""Random calls that every library can be asked to make: what the function does, turn by turn, and how it is retried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from hypothesis import strategies as st

from retold.testing import ManualClock


class Interrupt(BaseException):
    """Something that is never retried."""


class Turn(NamedTuple):
    """One run of the function: what it does, after so many seconds."""

    does: str
    seconds: float


ERRORS: dict[str, type[BaseException]] = {
    "fails": ConnectionError,
    "fails in a way": ConnectionResetError,
    "fails for good": ValueError,
    "is interrupted": Interrupt,
}


class Result(NamedTuple):
    """What a run returned."""

    number: int
    is_good: bool


def is_bad(result: Result) -> bool:
    """For results that are to be rejected."""
    return not result.is_good


def is_retryable(error: BaseException) -> bool:
    """For policies that have a predicate."""
    return isinstance(error, ConnectionError)


class Fixed(NamedTuple):
    """The same wait each time."""

    seconds: float


class Listed(NamedTuple):
    """These waits in turn, the last one for ever."""

    each: tuple[float, ...]


class Growing(NamedTuple):
    """Twice as long each time, up to a cap, without jitter."""

    initial: float
    cap: float


class Jittered(NamedTuple):
    """Full jitter below what would be `Growing`."""

    initial: float
    cap: float


Waits: TypeAlias = Fixed | Listed | Growing | Jittered


@dataclass(frozen=True)
class Plan:
    """One call.

    Attributes:
        turns: What the function does; the last turn repeats.
        attempts: How often it may run; None is unlimited.
        deadline: Seconds after which it does not run again.
        waits: Between runs.
        asks: Whether what is retried is told by a predicate, and not by a type.
        judges: Whether bad results are rejected.
        form: `decorator`, `call` or `block`.
        seed: Of all chance.
    """

    turns: tuple[Turn, ...]
    attempts: int | None
    deadline: float | None
    waits: Waits
    asks: bool
    judges: bool
    form: str
    seed: int


class Work:
    """The function that is called.

    Attributes:
        runs: How often it ran.
        raised: What it raised, in order.
    """

    def __init__(self, plan: Plan, clock: ManualClock) -> None:
        self._turns, self._clock = plan.turns, clock
        self.runs = 0
        self.raised: list[BaseException] = []

    def run(self) -> Result:
        """The next turn."""
        turn = self._turns[min(self.runs, len(self._turns) - 1)]
        self.runs += 1
        self._clock.advance(turn.seconds)
        if turn.does in ERRORS:
            self.raised.append(ERRORS[turn.does](self.runs))
            raise self.raised[-1]
        return Result(self.runs, turn.does == "succeeds")

    async def arun(self) -> Result:
        """The same, awaited."""
        return self.run()


# Eighths add up without rounding, so that the instant of a deadline is met exactly, and often.
_RUN = st.sampled_from([0.0, 0.0, 0.125, 0.5])
_WAIT = st.sampled_from([0.5, 0.125, 0.25, 1.0, 0.0])
_CAP = st.sampled_from([2.0, 0.5, 0.25])
_KINDS: dict[type, st.SearchStrategy[Waits]] = {
    Fixed: st.builds(Fixed, _WAIT),
    Listed: st.builds(Listed, st.lists(_WAIT, min_size=2, max_size=4).map(tuple)),
    Growing: st.builds(Growing, _WAIT, _CAP),
    Jittered: st.builds(Jittered, _WAIT, _CAP),
}
# A call without other limits has to come to its deadline by waiting.
_ENDLESS = st.builds(Growing, st.sampled_from([0.5, 0.25]), _CAP)
_RETRIED = st.sampled_from(["fails", "fails", "fails in a way", "is bad"])
_ANY = st.sampled_from(["succeeds", "is bad", *ERRORS])


def plans(
    *,
    forms: Sequence[str] = ("decorator", "call", "block"),
    waits: Sequence[type] = (Fixed, Listed, Growing, Jittered),
    judges: bool = True,
    unlimited: bool = True,
    deadlines: Sequence[float] = (0.5, 1.0, 1.25, 2.5),
) -> st.SearchStrategy[Plan]:
    """Calls that a library can be asked to make: most of them fail at first."""
    limits: list[st.SearchStrategy[Any]] = [
        st.tuples(st.integers(2, 5) | st.just(1), st.none(), _KINDS[kind]) for kind in waits
    ]
    if deadlines:
        limits += [st.tuples(st.integers(2, 6), st.sampled_from(deadlines), _KINDS[kind]) for kind in waits]
    if unlimited:
        limits.append(st.tuples(st.none(), st.sampled_from(deadlines), _ENDLESS))
    failing, ending = st.builds(Turn, _RETRIED, _RUN), st.builds(Turn, _ANY, _RUN)
    return st.builds(
        lambda limits, **others: Plan(attempts=limits[0], deadline=limits[1], waits=limits[2], **others),
        st.one_of(*limits),
        turns=st.tuples(st.lists(failing, min_size=1, max_size=4), ending).map(lambda turns: (*turns[0], turns[1])),
        asks=st.booleans(),
        judges=st.booleans() if judges else st.just(False),
        form=st.sampled_from(forms),
        seed=st.integers(0, 2**32),
    )

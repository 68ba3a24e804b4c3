"""The same policy decides the same about the same failures, whatever form asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retold
from retold import Abort, AttemptEnded, CallEnded, Policy, RetryAgain, RetryScheduled
from retold.testing import ManualClock, MemoryExporter
from tests.forms import FORMS, Form
from tests.iterations import Iteration
from tests.runners.test_properties import BACKOFFS, HINTS, SECONDS, TIMEOUTS


class Interrupt(BaseException):
    """Something that is never retried."""


FAILURES = st.sampled_from([None, OSError, OSError, OSError, ValueError, RetryAgain, Abort, Interrupt])
"""What an attempt raises, if it does."""


@dataclass(frozen=True)
class Script:
    """What an attempt does after the other, each for so long, and under which policy."""

    turns: tuple[tuple[type[BaseException] | str | None, float], ...]
    options: dict[str, Any]
    stop: float | None
    seed: int

    def played_by(self, perform: Perform, **further: Any) -> list[object]:
        """What is decided, as it is told, and how it ends."""
        clock, seen, turns = ManualClock(), MemoryExporter(), iter(self.turns)
        options = self.options | further
        if self.stop is not None:
            stop = self.stop
            options["stop"] = lambda: clock.now() >= stop
        policy = Policy(on=OSError, operation="played", clock=clock, rng=Random(self.seed), **options)

        def work() -> object:
            turn, seconds = next(turns, (None, 0.0))
            clock.advance(seconds)
            if isinstance(turn, type):
                raise turn
            return turn

        with retold.configure(exporters=[seen]):
            try:
                ending: object = perform(policy, work)
            except (Exception, Interrupt) as error:
                ending = type(error), getattr(error, "__notes__", None)
        told = [event[1:-1] for event in seen.events if isinstance(event, (AttemptEnded, RetryScheduled, CallEnded))]
        decided = [tuple(None if isinstance(each, BaseException) else each for each in event) for event in told]
        return [ending, clock.now(), clock.waits, *decided]


Perform = Callable[[Policy[Any], Callable[[], Any]], object]


def generated(policy: Policy[Any], work: Callable[[], Any]) -> object:
    """As a generator of one item."""

    def one() -> Iterator[Any]:
        yield work()

    [item] = Iteration(policy(one)()).items()
    return item


def agenerated(policy: Policy[Any], work: Callable[[], Any]) -> object:
    """As an asynchronous generator of one item."""

    async def one() -> AsyncIterator[Any]:
        yield work()

    [item] = Iteration(policy(one)()).items()
    return item


@st.composite
def scripts(draw: st.DrawFn, failures: st.SearchStrategy[Any] = FAILURES) -> Script:
    """Scripts of all sorts."""
    timeout = draw(TIMEOUTS)
    options: dict[str, Any] = {"backoff": draw(BACKOFFS), "timeout": timeout}
    options["attempts"] = draw(st.integers(1, 8) if timeout is None else st.none() | st.integers(1, 8))
    hint = draw(HINTS)
    if hint is not None:
        options |= {"hint": lambda failure: hint, "over_cap": draw(st.sampled_from(["give_up", "cap", "ignore"]))}
    turns = draw(st.lists(st.tuples(failures, SECONDS), max_size=12))
    return Script(tuple(turns), options, draw(st.none() | SECONDS), draw(st.integers(0, 100)))


pytestmark = pytest.mark.takes(seconds=30)


@given(scripts(FAILURES | st.just("bad")))
def test_every_form_decides_the_same(script: Script) -> None:
    first, *others = [script.played_by(form.perform, on_result=lambda result: result == "bad") for form in FORMS]

    assert others == [first] * 7


@given(scripts(), st.sampled_from(["restart", "open"]))
def test_so_do_generators(script: Script, mode: str) -> None:
    called = script.played_by(FORMS[0].perform)

    assert script.played_by(generated, generator=mode) == called
    assert script.played_by(agenerated, generator=mode) == called


@given(scripts())
def test_and_so_it_is_when_nobody_is_told(script: Script) -> None:
    """A call that is told goes other ways through the code than one of which nobody hears."""

    def quietly(form: Form) -> Perform:
        def perform(policy: Policy[Any], work: Callable[[], Any]) -> object:
            with retold.configure(exporters=[]):
                return form.perform(policy, work)

        return perform

    told = [script.played_by(form.perform)[:3] for form in FORMS]

    assert [script.played_by(quietly(form))[:3] for form in FORMS] == told

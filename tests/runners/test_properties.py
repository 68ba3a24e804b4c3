"""What holds for every policy, whatever it is asked to do."""

import math
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import retold
from retold import (
    Abort,
    AttemptEnded,
    AttemptOutcome,
    AttemptStarted,
    CallEnded,
    CallStarted,
    Constant,
    Decorrelated,
    Equal,
    Exponential,
    Fibonacci,
    Linear,
    Outcome,
    Policy,
    RetryAgain,
    RetryScheduled,
)
from retold.testing import ManualClock, MemoryExporter
from tests.chance import Luck
from tests.forms import FORMS, FUNCTIONS

SECONDS = st.floats(min_value=0, max_value=100, allow_subnormal=False)
GROWING = [Exponential, Equal, Decorrelated]
CAPPED = st.one_of(
    *(st.builds(backoff, SECONDS, factor=st.floats(1, 10), cap=SECONDS) for backoff in GROWING),
    st.builds(Linear, SECONDS, st.none() | SECONDS, cap=SECONDS),
    st.builds(Fibonacci, SECONDS, cap=SECONDS),
)
BACKOFFS = st.one_of(
    SECONDS,
    st.lists(SECONDS, min_size=1, max_size=4),
    st.builds(Constant, SECONDS),
    CAPPED,
    st.sampled_from([lambda number: -number, lambda number: None, lambda number: number / 3]),
)
TIMEOUTS = st.none() | SECONDS
HINTS = st.sampled_from([None, -1, 0, 3, 70, float("nan"), "soon"])
STOPS = st.none() | st.floats(min_value=0, max_value=400)
TURNS = st.sampled_from(
    ["good", "bad", OSError, OSError, OSError, ValueError, RetryAgain, Abort, KeyboardInterrupt, GeneratorExit]
)


@dataclass
class Played:
    """One call that was played through: what was asked, and what was seen."""

    policy_options: dict[str, Any]
    starts: list[float]
    stopped: float
    clock: ManualClock
    seen: MemoryExporter


@st.composite
def played(
    draw: st.DrawFn,
    backoffs: st.SearchStrategy[Any] = BACKOFFS,
    hints: st.SearchStrategy[Any] = HINTS,
    timeouts: st.SearchStrategy[float | None] = TIMEOUTS,
    stops: st.SearchStrategy[float | None] = STOPS,
) -> Played:
    """A call of any form, policy and luck."""
    form = draw(st.sampled_from(FORMS))
    options: dict[str, Any] = {
        "on": OSError,
        "on_result": lambda result: result == "bad",
        "backoff": draw(backoffs),
        "rng": Random(draw(st.integers(0, 100))),
    }
    options["timeout"] = draw(timeouts)
    options["attempts"] = draw(st.integers(1, 8) if options["timeout"] is None else st.none() | st.integers(1, 8))
    hint = draw(hints)
    if hint is not None:
        options |= {"hint": lambda failure: hint, "over_cap": draw(st.sampled_from(["give_up", "cap", "ignore"]))}
    if form in FUNCTIONS and draw(st.booleans()):
        options["fallback"] = draw(st.sampled_from([None, lambda error: "instead"]))
    turns = iter(draw(st.lists(st.tuples(TURNS, SECONDS), max_size=20)))
    clock, seen, starts = ManualClock(), MemoryExporter(), []
    stop = draw(stops)
    if stop is not None:
        options["stop"] = lambda: clock.now() >= stop

    def work() -> object:
        starts.append(clock.now())
        turn, took = next(turns, ("good", 0.0))
        clock.advance(took)
        if isinstance(turn, type):
            raise turn
        return turn

    with retold.configure(exporters=[seen]):
        try:
            form.perform(Policy(**options, operation="played", clock=clock), work)
        except BaseException as error:
            if isinstance(error, AssertionError | TypeError | AttributeError):
                raise
    return Played(options, starts, math.inf if stop is None else stop, clock, seen)


quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(played())
def test_the_function_runs_at_most_so_many_times(call: Played) -> None:
    attempts = call.policy_options["attempts"]

    assert 1 <= len(call.starts) <= (attempts or 10**9)
    assert call.seen.last.attempts == len(call.starts)


@quick
@given(played(timeouts=SECONDS))
def test_no_attempt_starts_and_no_wait_ends_after_the_timeout(call: Played) -> None:
    timeout = call.policy_options["timeout"]

    assert all(start < timeout for start in call.starts[1:])


@quick
@given(played(stops=st.floats(min_value=0, max_value=400)))
def test_no_further_attempt_starts_after_a_stop(call: Played) -> None:
    assert all(start < call.stopped for start in call.starts[1:])
    if call.seen.last.outcome is not Outcome.ABORTED:
        assert not call.seen.retries or call.seen.retries[-1].number < call.seen.last.attempts


@quick
@given(played(CAPPED, hints=st.none()))
def test_every_wait_is_between_0_and_the_cap_of_its_backoff(call: Played) -> None:
    cap = call.policy_options["backoff"].cap

    assert all(0 <= wait <= cap for wait in call.clock.waits)


@quick
@given(CAPPED, st.integers(1, 10**9), SECONDS, st.floats(0, 1, exclude_max=True))
def test_whatever_the_attempt_so_it_is(backoff: Any, attempt: int, previous: float, luck: float) -> None:
    assert 0 <= backoff.delay(attempt, previous, Luck(luck)) <= backoff.cap


@quick
@given(played())
def test_the_waits_add_up_to_the_delay_total(call: Played) -> None:
    assert call.seen.last.delay_total == pytest.approx(sum(call.clock.waits))
    assert [retry.delay for retry in call.seen.retries] == call.clock.waits


@quick
@given(played())
def test_attempts_and_waits_add_up_to_the_duration(call: Played) -> None:
    lasted = sum(attempt.duration for attempt in call.seen.attempts) + call.seen.last.delay_total

    assert call.seen.last.duration == pytest.approx(lasted)


@quick
@given(played())
def test_everything_that_starts_ends_once_and_in_order(call: Played) -> None:
    kinds = [type(event) for event in call.seen.events]
    attempts = len(call.starts)

    retried = [AttemptStarted, AttemptEnded, RetryScheduled] * (attempts - 1)
    stopped = [RetryScheduled] * (len(call.seen.retries) - attempts + 1)  # a wait that a stop has ended
    assert kinds == [CallStarted, *retried, AttemptStarted, AttemptEnded, *stopped, CallEnded]
    assert len(stopped) <= (call.seen.last.outcome is Outcome.ABORTED)


@quick
@given(played())
def test_the_outcome_of_the_call_agrees_with_the_last_attempts(call: Played) -> None:
    ended, last = call.seen.last, call.seen.attempts[-1]

    agreeing = {
        Outcome.SUCCESS: {AttemptOutcome.SUCCESS},
        Outcome.CANCELLED: {AttemptOutcome.CANCELLED},
        Outcome.NOT_RETRYABLE: {AttemptOutcome.ERROR},
        Outcome.ABORTED: {AttemptOutcome.ERROR, AttemptOutcome.REJECTED},
    }.get(ended.outcome, {AttemptOutcome.ERROR, AttemptOutcome.REJECTED})
    assert last.outcome in agreeing
    assert last.error_type == ended.error_type
    assert ended.fallback == (ended.outcome.is_give_up and "fallback" in call.policy_options)

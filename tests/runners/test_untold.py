"""Calls that nobody is told of take loops of their own: they do and count the same as those that somebody hears of."""

from __future__ import annotations

import time
from dataclasses import dataclass
from io import StringIO
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

import retold
from retold import Abort, Exporter, Policy, RetryAgain
from retold.exporters.console import Console
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL
from retold.telemetry import EXPORTER_FAILURES, METRICS
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, drive


class Interrupt(BaseException):
    """Something that is never retried."""


class Bug(Exception):
    """What a predicate raises about `LookupError`."""


TURNS: dict[str, type[BaseException]] = {
    "error": OSError,
    "other error": TimeoutError,
    "not retryable": ValueError,
    "unjudged": LookupError,
    "unjudged for ever": ArithmeticError,
    "aborted": Abort,
    "again": RetryAgain,
    "cancelled": Interrupt,
}


def is_retryable(error: Exception) -> bool:
    """A predicate that is interrupted, or raises, where it does not know."""
    if isinstance(error, ArithmeticError):
        raise Interrupt
    if isinstance(error, LookupError):
        raise Bug
    return isinstance(error, OSError)


class Waking(ManualClock):
    """A clock on which a wait may be interrupted, half-way."""

    def __init__(self, interrupted: int) -> None:
        super().__init__()
        self._interrupted = interrupted

    def sleep(self, seconds: float, /) -> None:
        super().sleep(seconds / 2)
        if len(self.waits) == self._interrupted:
            raise Interrupt
        self.advance(seconds / 2)


@dataclass(frozen=True)
class Script:
    """One call: `turns` is what its attempts raise, each after half a second, before it succeeds."""

    asynchronous: bool
    turns: tuple[str, ...]
    predicate: bool = False
    attempts: int = 3
    timeout: float | None = None
    backoff: Any = 0.25
    hint: float | None = None
    interrupted: int = 0

    def perform(self) -> str:
        """How it ended."""
        clock = Waking(self.interrupted)
        turns = iter([None, *self.turns])  # of two calls: the first finds the operation its page

        def work() -> str:
            clock.advance(0.5)
            turn = next(turns, None)
            if turn == "aborted with an error":
                raise Abort(ValueError("why"))
            if turn is not None:
                raise TURNS[turn](turn)
            return "done"

        hint = self.hint
        policy = Policy(
            on=is_retryable if self.predicate else (OSError, LookupError),
            attempts=self.attempts,
            timeout=self.timeout,
            backoff=self.backoff,
            hint=None if hint is None else lambda _: hint,
            operation="shop.fetch",
            clock=clock,
            rng=Random(0),
        )

        @policy
        def function() -> str:
            return work()

        @policy
        async def coroutine() -> str:
            return work()

        def perform() -> str:
            return drive(coroutine()) if self.asynchronous else function()

        perform()
        try:
            return perform()
        except BaseException as error:
            if not isinstance(error, (Exception, Interrupt)):
                raise
            return f"{error!r} {getattr(error, '__notes__', None)} from {error.__context__!r} at {clock.now()}"


SCRIPTS = st.builds(
    Script,
    asynchronous=st.booleans(),
    turns=st.lists(st.sampled_from(["aborted with an error", *TURNS]), max_size=4).map(tuple),
    predicate=st.booleans(),
    attempts=st.integers(1, 5),
    timeout=st.sampled_from([None, 2.0]),
    backoff=st.sampled_from([0.0, 0.25, lambda number: number, lambda number: None]),
    hint=st.sampled_from([None, 0.5, 90.0, -1.0]),
    interrupted=st.integers(0, 2),
)


@given(SCRIPTS)
@example(Script(False, ("error", "error"), interrupted=2))
@example(Script(True, ("error", "error"), interrupted=2))
@example(Script(True, ("error",), backoff=0.0))
@example(Script(False, ("error",), backoff=0.0, interrupted=1))
@example(Script(True, ("error",), backoff=0.0, interrupted=1))
@example(Script(False, ("error", "unjudged"), predicate=True))
@example(Script(True, ("error", "unjudged"), predicate=True))
@example(Script(False, ("unjudged for ever",), predicate=True))
@example(Script(False, ("error", "unjudged for ever"), predicate=True))
@example(Script(False, ("error", "aborted with an error")))
@example(Script(False, ("error", "error"), hint=0.5))
@example(Script(True, ("error", "error", "error"), hint=0.5))
@example(Script(False, ("error", "error", "error")))
@example(Script(True, ("error", "other error")))
def test_a_call_that_is_only_counted_counts_and_ends_as_one_that_is_told(script: Script) -> None:
    registry = CollectorRegistry()
    prometheus = Prometheus(registry)

    untold, counted = _heard(script, [prometheus])
    told, counted_too = _heard(script, [prometheus, MemoryExporter()])
    told_late, counted_late = _heard(script, [prometheus, Console(StringIO())])
    quiet, nothing = _heard(script, [])

    assert untold == told
    assert counted == counted_too == counted_late
    assert quiet == told_late == told
    assert sum(nothing["retold.calls"].values()) == 0
    assert sum(counted["retold.calls"].values()) == 2


def _heard(script: Script, exporters: list[Exporter]) -> tuple[str, dict[str, Any]]:
    JOURNAL.forget()
    with retold.configure(exporters=exporters):
        ending = script.perform()
    totals = JOURNAL.collect()
    return ending, {metric.name: dict(totals[metric]) for metric in METRICS if metric is not EXPORTER_FAILURES}


@pytest.mark.parametrize("asynchronous", [False, True])
def test_attempts_may_outlast_what_was_computed_beforehand(asynchronous: bool) -> None:
    script = Script(asynchronous, ("error",) * 100, attempts=101, backoff=retold.Exponential(0.0))

    assert script.perform() == "done"


def test_the_machines_clock_waits_by_what_stands_in_the_place_of_time_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    function = Policy(on=OSError, attempts=4, backoff=[0.0, 1.5, 1e12])(Failing(OSError, OSError, OSError, "value"))

    assert function() == "value"
    assert waits == [1.5, 1e9]

"""One call, from its first attempt to its end: what the loops with and without `await` share.

A loop says what happened (`start_attempt`, `returned`, `failed`, `slept`) and is told what to do: wait so many
seconds, or stop. Whatever happens, a loop ends with `close`; the call is over exactly once.
"""

from __future__ import annotations

import random
from types import TracebackType
from typing import TypeVar

from retold.core.ports import Rng
from retold.core.rules import MISSING, Rules, Wait
from retold.errors import Abort, RejectedResult
from retold.events import AttemptOutcome, Outcome
from retold.journal import JOURNAL, Page
from retold.runners import audience
from retold.runners.clocks import SYSTEM_CLOCK
from retold.runners.notes import note
from retold.runners.report import Report
from retold.runners.story import Story
from retold.runners.untouched import Untouched
from retold.telemetry import REJECTED_RESULT_TYPE, error_type

T = TypeVar("T")


class Call:
    """The state of one use of a policy. Never shared, never reused.

    Attributes:
        number: The attempt that runs or ran last, from 1; 0 before the first.
        outcome: How the call ended or is about to; None while that is open.
        fallback_due: Whether the call gave up and its policy has a fallback to serve.
        replaced: Whether the call ends with an exception that the function did not raise: what `Abort`
            carried, or a `RejectedResult`. `take_replacement` has it.
    """

    __slots__ = (
        "_began",
        "_delay_total",
        "_error_type",
        "_function",
        "_instead",
        "_page",
        "_previous",
        "_running",
        "_story",
        "_waiting_since",
        "clock",
        "delays",
        "elapsed",
        "fallback_due",
        "number",
        "operation",
        "outcome",
        "over",
        "rules",
        "started",
    )

    def __init__(self, rules: Rules, operation: str, function: str | None = None) -> None:
        self.rules = rules
        self.operation = operation
        self._function = function
        self.clock = SYSTEM_CLOCK if rules.clock is None else rules.clock
        self.number = 0
        self.started = self._began = self._previous = self._delay_total = self.elapsed = 0.0
        self._running = self.over = self.fallback_due = False
        self._page: Page | None = None
        self._story: Story | None = None
        self._waiting_since: float | None = None
        self._error_type: str | None = None
        self.outcome: Outcome | None = None
        self._instead: BaseException | None = None
        self.delays: list[float] | None = None

    def start_attempt(self) -> None:
        """The function is about to run."""
        self.number += 1
        if self.number == 1:
            self._open()
        self._running = True
        if self._story is not None:
            self._story.attempt_started(self.number)
        self._began = self.clock.now()
        if self.number == 1:
            self.started = self._began

    def returned(self, result: object, *, judged: bool = True) -> float | None:
        """The function returned: None if that ends the call, else the seconds to wait.

        After None, `replaced` says that the result was rejected, and for the last time.

        Args:
            result: What it returned.
            judged: Whether `on_result` is asked about it.
        """
        now = self.clock.now()
        if not (judged and self._rejects(result, now)):
            self._end_attempt(AttemptOutcome.SUCCESS, now)
            self.outcome = Outcome.SUCCESS
            self._error_type = None
            self._end(now)
            return None
        self._error_type = REJECTED_RESULT_TYPE
        self._end_attempt(AttemptOutcome.REJECTED, now)
        try:
            step = self.rules.after_failure(result, self.number, now - self.started, self._previous, self._rng)
        except Exception as bug:
            self._misjudged(bug)
            raise
        if isinstance(step, Wait):
            return self._wait(step)
        self._instead = RejectedResult(result)
        self._stop(step, self._instead)
        return None

    def failed(self, error: BaseException) -> float | None:
        """The function raised: None if that ends the call, else the seconds to wait."""
        now = self.clock.now()
        if not isinstance(error, Exception):
            self._error_type = None
            self._end_attempt(AttemptOutcome.CANCELLED, now)
            self._stop(Outcome.CANCELLED, error)
            return None
        if isinstance(error, Abort):
            self._instead = error.error
            final = error if error.error is None else error.error
            self._error_type = error_type(final)
            self._end_attempt(AttemptOutcome.ERROR, now, final)
            self._stop(Outcome.ABORTED, final)
            return None
        self._error_type = error_type(error)
        self._end_attempt(AttemptOutcome.ERROR, now, error)
        try:
            step = self.rules.after_error(error, self.number, now - self.started, self._previous, self._rng)
        except Exception as bug:
            self._misjudged(bug)
            raise
        if isinstance(step, Wait):
            return self._wait(step)
        self._stop(step, error)
        return None

    @property
    def replaced(self) -> bool:
        return self._instead is not None

    def untouched(self) -> Untouched:
        """For a `with` around raising the replacement."""
        assert self._instead is not None
        return Untouched(self._instead)

    def take_replacement(self) -> BaseException:
        """The exception to raise in place of the function's own. Keeping it here would make a cycle."""
        instead, self._instead = self._instead, None
        assert instead is not None
        return instead

    def slept(self) -> None:
        """The wait is over."""
        if self._waiting_since is None:
            return
        waited = self.clock.now() - self._waiting_since if self._previous else 0.0
        self._waiting_since = None
        self._delay_total += waited
        if self.delays is not None:
            self.delays.append(waited)
        if self._page is not None:
            self._page.wait_ended(waited)

    def served(self) -> None:
        """A fallback's value takes the place of the failure."""
        self._end(self.clock.now(), fallback=True)

    def close(self, outcome: Outcome = Outcome.CANCELLED) -> None:
        """Make sure that the call is over: with the outcome that was decided, else with this one."""
        if self.over:
            return
        if self.number == 0:  # a block that was never entered: nobody was told that it began
            self.over = True
            return
        now = self.clock.now()
        if self._running:
            self._end_attempt(AttemptOutcome.CANCELLED, now)
        if self.outcome is None:
            self.outcome = outcome
            self._error_type = None
        self._end(now)

    def __enter__(self) -> None:
        """In a `with`, whatever is raised ends the call."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.close()

    def report(self, value: T | None, error: Exception | None = None) -> Report[T]:
        """How the call went, which is over."""
        assert self.outcome is not None
        assert self.delays is not None
        return Report(value, error, self.outcome, self.number, tuple(self.delays), self.elapsed)

    @property
    def _rng(self) -> Rng:
        return random if self.rules.rng is None else self.rules.rng

    def _open(self) -> None:
        listeners = audience.current()
        self._page = JOURNAL.page(self.operation) if listeners.journaling else None
        if self._page is not None:
            self._page.call_began()
        self._story = None if listeners.silent else Story(listeners, self.rules, self.operation, self._function)

    def _rejects(self, result: object, now: float) -> bool:
        try:
            return self.rules.is_rejected(result)
        except Exception as bug:
            # Nobody can say whether this result is good; what went wrong is the predicate.
            self._error_type = error_type(bug)
            self._end_attempt(AttemptOutcome.ERROR, now, bug)
            self._misjudged(bug)
            raise

    def _misjudged(self, bug: Exception) -> None:
        """A callable of the policy raised: it is a bug, and it ends the call."""
        self.outcome = Outcome.NOT_RETRYABLE
        self._error_type = error_type(bug)
        self._end(self.clock.now())

    def _wait(self, wait: Wait) -> float:
        self._previous = wait.delay
        if self._story is not None:
            self._story.retry_scheduled(self.number, wait)
        if self._page is not None:
            self._page.wait_began()
        self._waiting_since = self.clock.now() if wait.delay else 0.0
        return wait.delay

    def _stop(self, outcome: Outcome, error: BaseException) -> None:
        self.outcome = outcome
        if self.number > 1 or outcome.is_give_up:
            note(error, self.operation, outcome, self.number, self.clock.now() - self.started)
        self.fallback_due = outcome.is_give_up and self.rules.fallback is not MISSING
        if not self.fallback_due:
            self._end(self.clock.now())

    def _end_attempt(self, outcome: AttemptOutcome, now: float, error: BaseException | None = None) -> None:
        self._running = False
        duration = now - self._began
        failure = None if outcome in (AttemptOutcome.SUCCESS, AttemptOutcome.CANCELLED) else self._error_type
        if self._story is not None:
            self._story.attempt_ended(self.number, outcome, duration, failure, error)
        if self._page is not None and not (outcome is AttemptOutcome.SUCCESS and self.number == 1):
            self._page.attempt_ended(outcome, duration, failure)

    def _end(self, now: float, *, fallback: bool = False) -> None:
        assert self.outcome is not None
        self.slept()
        self.over = True
        self.elapsed = now - self.started
        if self._page is not None:
            if self.outcome is Outcome.SUCCESS and self.number == 1:
                self._page.succeeded_at_once(self.elapsed)
            else:
                self._page.call_ended(self.outcome, self.number, self.elapsed, fallback)
        if self._story is not None:
            self._story.call_ended(
                self.outcome, self.number, self.elapsed, self._delay_total, self._error_type, fallback
            )

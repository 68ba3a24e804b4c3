"""One call, from its first attempt to its end: what the loops with and without `await` share.

A loop says what happened (`start_attempt`, `returned`, `failed`, `slept`) and is told what to do: wait so many
seconds, or stop. Whatever happens, a loop ends with `close`; the call is over exactly once.
"""

from __future__ import annotations

import math
import sys
from types import TracebackType
from typing import TypeVar

from retold.core.decision import Cut, Ending, Failure, Rejected, Step
from retold.core.rules import MISSING
from retold.errors import Abort, AttemptTimeout, RejectedResult
from retold.events import AttemptOutcome, Outcome
from retold.runners.error_types import error_type
from retold.runners.notes import not_followed, note
from retold.runners.report import Report
from retold.runners.telling import Telling
from retold.runners.untouched import Untouched, forget_our_frames, raised_in_handling
from retold.telemetry import REJECTED_RESULT_TYPE

T = TypeVar("T")


class Call(Telling):
    """The state of one use of a policy. Never shared, never reused.

    Attributes:
        fallback_due: Whether the call gave up and its policy has a fallback to serve.
        instead: What the call raises in place of what the function raised: what `Abort` carried, a `RejectedResult`,
            or the last failure if a stop ended the wait after it. To be taken by `take_replacement`.
    """

    fallback_due = False
    instead: BaseException | None = None
    _cut = False  # whether the attempt ran into its own time limit
    _last_cut = False  # whether that limit was what was left of the timeout
    _kept: BaseException | None = None  # the last failure, while a wait may end by raising it

    def returned(self, result: object, *, judged: bool = True) -> bool:
        """The function returned. Whether that ends the call; else wait for `delay`, or raise the replacement.

        Args:
            result: What it returned.
            judged: Whether `on_result` is asked about it.
        """
        now = self.clock.now() if self._timed else 0.0
        if not judged or self.plan.rules.on_result is None or not self._rejects(result, now):
            self._error_type = None
            self.outcome = Outcome.SUCCESS  # whatever interrupts an exporter
            self._end_attempt(AttemptOutcome.SUCCESS, now)
            self._end(now)
            return True
        self._error_type = REJECTED_RESULT_TYPE
        self._end_attempt(AttemptOutcome.REJECTED, now)
        step = self._decide(Rejected(result))
        if isinstance(step, Ending):
            step, self.hint = step
        if isinstance(step, Outcome):
            self.instead = _rejected(result)
            self._stop(step, self.instead)
        else:
            self._wait(step)
            if self.plan.stopped is not None:
                self._kept = _rejected(result)
        return False

    def failed(self, error: BaseException, step: Step | None = None) -> bool:
        """The function raised. Whether that ends the call; else wait for `delay`, or raise the replacement.

        Args:
            error: What it raised.
            step: What has been decided, if it has.
        """
        now = self.clock.now() if self._timed else 0.0
        final = error
        if not isinstance(error, Exception):
            self._error_type = None
            self._end_attempt(AttemptOutcome.CANCELLED, now)
        else:
            if isinstance(error, Abort) and error.error is not None:
                final = self.instead = error.error
            self._fail_attempt(final, now)
        if step is None:
            step = self._decide_after_cut(error) if self._cut else self._decide(error)
        if isinstance(step, Ending):
            step, self.hint = step
        if not isinstance(step, Outcome):
            self._wait(step)
            if self.plan.stopped is not None:
                self._kept = error
            return False
        self._stop(step, final)
        return self.instead is None

    def cut_short(self, seconds: float, *, last: bool) -> AttemptTimeout:
        """The attempt ran into its time limit, which was so long: what it then fails with.

        Args:
            seconds: The limit.
            last: Whether it was what was left of the policy's timeout.
        """
        self._cut, self._last_cut = True, last
        return AttemptTimeout(seconds)

    def woken(self) -> None:
        """The wait is over: the next attempt follows, or the replacement is to be raised, for a stop ended the wait."""
        self.slept()
        kept = self._kept
        if kept is None:
            return
        try:
            stopped = self.is_stopped()
        finally:
            self._kept = None  # its frames are not to be kept through the next attempt
        if stopped:
            forget_our_frames(kept)
            self.instead = kept
            self._stop(Outcome.ABORTED, kept)

    def is_stopped(self) -> bool:
        """Whether the policy's stop is set, which there is."""
        assert self.plan.stopped is not None
        handled = sys.exception()
        try:
            return bool(self.plan.stopped())
        except Exception as bug:
            assert self._kept is not None  # it is asked while there is a failure to raise
            raised_in_handling(self._kept, bug, handled)
            self._kept = None
            self._misjudged(bug)
            raise

    def misjudged(self, error: BaseException, bug: BaseException) -> None:
        """A callable of the policy raised `bug` about `error`, which ends the call: nobody knows what to do."""
        self._fail_attempt(error, self._now())
        if isinstance(bug, Exception):
            self._misjudged(bug)
        else:
            self.close()

    def untouched(self) -> Untouched:
        """For a `with` around raising the replacement."""
        assert self.instead is not None
        return Untouched(self.instead)

    def take_replacement(self) -> BaseException:
        """The exception to raise in place of the function's own. Keeping it here would make a cycle."""
        instead, self.instead = self.instead, None
        assert instead is not None
        return instead

    def served(self) -> None:
        """A fallback's value takes the place of the failure."""
        self._end(self._now(), fallback=True)

    def close(self, outcome: Outcome = Outcome.CANCELLED) -> None:
        """Make sure that the call is over: with the outcome that was decided, else with this one."""
        self._kept = None
        if self.over:
            return
        now = self._now()
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
        if error is not None:
            forget_our_frames(error)
        assert self.outcome is not None
        assert self.delays is not None
        return Report(value, error, self.outcome, self.number, tuple(self.delays), self.elapsed, self.hint)

    def _decide_after_cut(self, error: BaseException) -> Step:
        self._cut = False
        assert isinstance(error, AttemptTimeout)
        asks = callable(self.plan.rules.on) and not isinstance(self.plan.rules.on, type)
        # Clocks differ: by the policy's there may be a moment left.
        return self._decide(error if asks else Cut(error), -math.inf if self._last_cut else self.started)

    def _decide(self, failure: Failure, began: float | None = None) -> Step:
        try:
            return self.plan.decide(failure, self.number, self.started if began is None else began, self.delay)
        except Exception as bug:
            self._misjudged(bug)
            raise

    def _rejects(self, result: object, now: float) -> bool:
        try:
            return bool(self.plan.rules.on_result(result))  # type: ignore[misc] # there is one
        except Exception as bug:
            # Nobody can say whether this result is good; what went wrong is the predicate.
            self._fail_attempt(bug, now)
            self._misjudged(bug)
            raise

    def _misjudged(self, bug: Exception) -> None:
        """A callable of the policy raised: it is a bug, and it ends the call."""
        self.outcome = Outcome.NOT_RETRYABLE
        if self._told:
            self._error_type = error_type(bug)
        self._end(self._now())

    def _stop(self, outcome: Outcome, error: BaseException) -> None:
        self.outcome = outcome
        if self.number > 1 or outcome.is_give_up:
            asked = "" if self.hint is None else not_followed(self.hint, outcome, self.plan.rules)
            note(error, self.operation, outcome, self.number, self._delay_total, asked)
        self.fallback_due = outcome.is_give_up and self.plan.rules.fallback is not MISSING
        if not self.fallback_due:
            self._end(self._now() if self._told else 0.0)


def _rejected(result: object) -> RejectedResult:
    """What a rejected result raises, with the context that it would have if the function raised it."""
    error = RejectedResult(result)
    error.__context__ = sys.exception()
    return error

"""What is told and counted of one call: the half of `Call` that decides nothing."""

from __future__ import annotations

from retold.core.decision import Wait
from retold.events import AttemptOutcome, Outcome
from retold.journal import JOURNAL, Page
from retold.runners import audience, nested, scopes
from retold.runners.audience import NOBODY, Audience
from retold.runners.error_types import error_type
from retold.runners.plan import Plan
from retold.runners.story import Story


class Telling:
    """Where a call stands, told to those who listen and written on the page of its operation.

    Attributes:
        number: The attempt that runs or ran last, from 1; 0 before the first.
        delay: Seconds to wait before the next attempt.
        outcome: How the call ended or is about to; None while that is open.
        over: Whether it has ended, and been told so.
        delays: What was waited, in seconds, if anybody will ask: a list to be filled, given by whoever will.
        started: When the first attempt began, on the policy's clock.
        elapsed: Seconds from then to the end.
        hint: Seconds that the server asked to wait, where the call ends in place of that wait.
        suspends: Whether its function may be left standing while other code of the task runs: a generator's block.
    """

    # A call that succeeds or fails early sets few of these, and making one must cost little.
    number = 0
    delay = 0.0
    outcome: Outcome | None = None
    over = False
    delays: list[float] | None = None
    started = 0.0
    elapsed = 0.0
    hint: float | None = None
    suspends = False
    _began = 0.0
    _delay_total = 0.0
    _error_type: str | None = None
    _nested = False  # whether the retry that follows, the first, is counted as nested
    _page: Page | None = None
    _running = False
    _story: Story | None = None
    _timed = False  # whether the clock is read
    _told = False  # whether anybody will hear or ask how it went; if not, most of the following is left undone
    _waiting_since: float | None = None

    def __init__(self, plan: Plan, operation: str, function: str | None = None) -> None:
        self.plan = plan = scopes.plan_now(plan) if audience.attended else plan
        self.clock = plan.clock
        self.operation = operation
        self._function = function

    def join(self, listeners: Audience, page: Page | None, began: float | None, story: Story | None = None) -> None:
        """Take over a call whose first attempt has begun elsewhere.

        Args:
            listeners: Who listened when it began.
            page: Where its beginning has been written, if it has.
            began: When it began, on the policy's clock; None if nobody looked.
            story: What has been told of it, if anything has.
        """
        self.number = 1
        self._story = story
        self._open(listeners, page)
        self._running = self._told
        if self._timed:
            self.started = self._began = self.clock.now() if began is None else began

    def start_attempt(self, listeners: Audience | None = None) -> None:
        """The function is about to run. Those who listen have been asked if they are given, at the first attempt."""
        self.number += 1
        if self.number == 1:
            if listeners is None:
                listeners = self.plan.begin(audience.current()).for_call()
            page = JOURNAL.page(self.operation) if listeners.journaling else None
            if page is not None:
                page.call_began()
            self._open(listeners, page)
        elif self._nested:
            self._nested = False
            assert self._page is not None  # else it is not counted
            self._page.nested_retried()
        if self._told:
            self._running = True
            if self._story is not None:
                self._story.attempt_started(self.number)
            self._began = self.clock.now()
            if self.number == 1:
                self.started = self._began
        elif self._timed and self.number == 1:
            self.started = self.clock.now()

    def resume(
        self, page: Page | None, began: float | None, number: int, delay: float, waited: float, since: float | None
    ) -> None:
        """Take over a call that nobody is told of, while its attempt `number` runs or has just ended.

        Args:
            page: Where it is counted, if it is.
            began: When its first attempt began, if anybody looked.
            number: The attempt.
            delay: Seconds of the wait before this attempt.
            waited: Seconds of all waits.
            since: When the attempt began, if anybody looked.
        """
        self._open(NOBODY, page)
        self.number, self.delay, self._delay_total = number, delay, waited
        if began is not None:
            self.started = began
        if since is not None:
            self._began = since
        self._running = self._told

    def slept(self) -> None:
        """The wait is over."""
        if self._waiting_since is None:
            return
        waited = self.clock.now() - self._waiting_since if self.delay else 0.0
        self._waiting_since = None
        self._delay_total += waited
        if self.delays is not None:
            self.delays.append(waited)
        if self._page is not None:
            self._page.wait_ended(waited)

    def _now(self) -> float:
        """The time, if anybody will ask for it."""
        return self.clock.now() if self._timed else 0.0

    def _open(self, listeners: Audience, page: Page | None) -> None:
        self._page = page
        if self._story is None and not listeners.silent:
            self._story = Story(listeners, self.plan.rules, self.operation, self._function, suspends=self.suspends)
        self._told = self._page is not None or self._story is not None or self.delays is not None
        self._timed = self._told or self.plan.rules.timeout is not None

    def _wait(self, step: float | Wait) -> None:
        wait = step if isinstance(step, Wait) else Wait(step)
        self.delay = wait.delay
        if self.number == 1 and nested.retries(
            self.operation, self.plan.rules.attempts, counted=self._page is not None
        ):
            self._nested = self._page is not None
        if not self._told:
            self._delay_total += wait.delay
            return
        if self._story is not None:
            self._story.retry_scheduled(self.number, wait)
        if self._page is not None:
            self._page.wait_began()
        self._waiting_since = self.clock.now() if wait.delay else 0.0

    def _fail_attempt(self, error: BaseException, now: float) -> None:
        if self._told:
            self._error_type = error_type(error)
        self._end_attempt(AttemptOutcome.ERROR, now, error)

    def _end_attempt(self, outcome: AttemptOutcome, now: float, error: BaseException | None = None) -> None:
        if not self._told:
            return
        self._running = False
        duration = now - self._began
        failure = None if outcome in (AttemptOutcome.SUCCESS, AttemptOutcome.CANCELLED) else self._error_type
        if self._page is not None and not (outcome is AttemptOutcome.SUCCESS and self.number == 1):
            self._page.attempt_ended(outcome, duration, failure)
        if self._story is not None:
            self._story.attempt_ended(self.number, outcome, duration, failure, error)

    def _end(self, now: float, *, fallback: bool = False) -> None:
        self.over = True
        if not self._told:
            return
        assert self.outcome is not None
        self.slept()
        self.elapsed = now - self.started
        if self._page is not None:
            if self.outcome is Outcome.SUCCESS and self.number == 1:
                self._page.succeeded_at_once(self.elapsed)
            else:
                budget = None
                if self.outcome is Outcome.BUDGET_EXHAUSTED:
                    assert self.plan.rules.budget is not None  # it was asked
                    budget = JOURNAL.budget_label(self.plan.rules.budget.name)
                self._page.call_ended(self.outcome, self.number, self.elapsed, fallback, budget)
        if self._story is not None:
            self._story.call_ended(
                self.outcome, self.number, self.elapsed, self._delay_total, self._error_type, fallback, self.hint
            )

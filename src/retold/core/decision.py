"""Every decision of a policy, as one function of what happened."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple, TypeAlias, assert_never

from retold.core.backoff import DEFAULT, Uniform
from retold.core.bucket import Bucket
from retold.core.checks import usable_number
from retold.core.groups import leaves
from retold.core.ports import Rng
from retold.core.rules import Rules
from retold.errors import Abort, AttemptTimeout, RetryAgain
from retold.events import DelaySource, Outcome

# Looking up a member of an enumeration costs more than all the rest of a decision on Python 3.11.
_ABORTED: Final = Outcome.ABORTED
_ATTEMPTS_EXHAUSTED: Final = Outcome.ATTEMPTS_EXHAUSTED
_BUDGET_EXHAUSTED: Final = Outcome.BUDGET_EXHAUSTED
_CANCELLED: Final = Outcome.CANCELLED
_DEADLINE_EXCEEDED: Final = Outcome.DEADLINE_EXCEEDED
_HINT_REFUSED: Final = Outcome.HINT_REFUSED
_NOT_RETRYABLE: Final = Outcome.NOT_RETRYABLE
_BACKOFF: Final = DelaySource.BACKOFF
_HINT: Final = DelaySource.HINT

_TABLED = 32
"""Attempts whose delays are drawn from bounds that were computed beforehand."""

_VERDICTS = 64
"""Types of exceptions about which a policy remembers what it decides."""


class Wait(NamedTuple):
    """The decision to retry after `delay` seconds, where there is more to say than that.

    `hint` is what the server asked for, before any cap; `ignored` names the callables whose answers were unusable.
    """

    delay: float
    source: DelaySource = _BACKOFF
    hint: float | None = None
    ignored: str | None = None


class Ending(NamedTuple):
    """The decision to end the call in place of a wait that the server asked for: `hint` seconds, before any cap."""

    outcome: Outcome
    hint: float


Step: TypeAlias = float | Wait | Outcome | Ending
"""What to do after a failed attempt: wait so many seconds for the next one, or end the call."""


class Rejected(NamedTuple):
    """A failure that is no exception: a result that `on_result` rejected."""

    result: object


class Cut(NamedTuple):
    """An attempt that `attempt_timeout` cut short, which is retried whatever types `on` lists."""

    error: AttemptTimeout


Failure: TypeAlias = BaseException | Rejected | Cut

Decide: TypeAlias = Callable[[Failure, int, float | None, float], Step]
"""Says what to do after an attempt failed. Its arguments:

- how it failed;
- its number, from 1;
- when the first attempt began: None will do where there is no timeout;
- the seconds of the wait before this attempt, 0 before the first.
"""


class _Verdict(Enum):
    ASK = "ask"


_ASK: Final = _Verdict.ASK

Judged: TypeAlias = Outcome | _Verdict | None
"""What is known of a failure at once: how the call ends, to ask the predicate, or None to try again."""


def decider(rules: Rules, now: Callable[[], float], rng: Rng) -> Decide:
    """The decisions of a policy, whose clock and source of chance are handed in.

    The order is: cancelled, aborted, not retryable, attempts exhausted, hint refused, deadline exceeded; a stop is
    asked about after these, so that it counts only where another attempt would have followed, and the budget last.
    """
    timeout, predicate = rules.timeout, rules.on
    verdicts: dict[type, Judged] = {Rejected: None, Cut: None}
    bounds = _bounds(rules)
    quick, draw = len(bounds), rng.random

    def decide(failure: Failure, number: int, began: float | None, previous: float, /) -> Step:
        try:
            verdict = verdicts[type(failure)]
        except (KeyError, TypeError):  # a metaclass may forbid to hash its classes
            verdict = _judged(failure, rules, verdicts)
        if verdict is _ASK:
            if not predicate(failure):  # type: ignore[operator, misc, arg-type] # only a predicate is asked
                return _NOT_RETRYABLE
        elif verdict is not None:
            return verdict
        step: Step
        if number < quick:
            low, span = bounds[number]
            delay = step = low + draw() * span if span else low
        else:
            step = _planned(rules, failure, number, previous, rng)
            if isinstance(step, (Outcome, Ending)):
                return step
            delay = step.delay if isinstance(step, Wait) else step
        if timeout is not None and now() - began + delay >= timeout:  # type: ignore[operator]
            return in_place_of(step, _DEADLINE_EXCEEDED)
        return step

    stopped, budget = rules.stopped, rules.budget
    decided = decide if stopped is None else _stoppable(decide, stopped)
    return decided if budget is None else _budgeted(decided, budget.bucket, now)


def in_place_of(wait: float | Wait, outcome: Outcome) -> Outcome | Ending:
    """The decision to end the call so where this wait would have followed; what the server asked for is kept."""
    hint = wait.hint if isinstance(wait, Wait) else None
    return outcome if hint is None else Ending(outcome, hint)


def _stoppable(decide: Decide, stopped: Callable[[], bool]) -> Decide:
    """The same decisions, but that a stop ends the call in place of a wait.

    Never with a mere number of seconds: it takes a `Call` to wait for two things at once.
    """

    def decide_or_stop(failure: Failure, number: int, began: float | None, previous: float, /) -> Step:
        step = decide(failure, number, began, previous)
        if isinstance(step, (Outcome, Ending)):
            return step
        if stopped():
            return in_place_of(step, _ABORTED)
        return step if isinstance(step, Wait) else Wait(step)

    return decide_or_stop


def _budgeted(decide: Decide, bucket: Bucket, now: Callable[[], float]) -> Decide:
    """The same decisions, but that each retry is paid for."""

    def decide_and_spend(failure: Failure, number: int, began: float | None, previous: float, /) -> Step:
        step = decide(failure, number, began, previous)
        # Spend last: a retry that something else forbids must not use up the budget.
        if isinstance(step, (Outcome, Ending)) or bucket.spend(now):
            return step
        return in_place_of(step, _BUDGET_EXHAUSTED)

    return decide_and_spend


def _judged(failure: Failure, rules: Rules, verdicts: dict[type, Judged]) -> Judged:
    """What is decided about a failure without asking anybody. It is remembered, where the type decides alone."""
    kind: type = type(failure)
    if isinstance(failure, ExceptionGroup):
        return _ABORTED if any(isinstance(each, Abort) for each in leaves(failure)) else _by_type(kind, rules)
    verdict = _by_type(kind, rules)
    if len(verdicts) < _VERDICTS and type(kind).__hash__ is type.__hash__:  # some programs make types as they go
        verdicts[kind] = verdict
    return verdict


def _by_type(kind: type, rules: Rules) -> Judged:
    if not issubclass(kind, Exception):
        return _CANCELLED
    if issubclass(kind, Abort):
        return _ABORTED
    if issubclass(kind, RetryAgain):
        return None
    if isinstance(rules.on, (type, tuple)):
        return None if issubclass(kind, rules.on) else _NOT_RETRYABLE
    return _NOT_RETRYABLE if rules.on is None else _ASK


def _bounds(rules: Rules) -> tuple[tuple[float, float], ...]:
    """By the number of the failed attempt, the least delay and how much above it is left to chance.

    Only for attempts after which the backoff has a delay to draw and nothing else is to be known.
    """
    backoff = rules.backoff
    if rules.hint is not None or not isinstance(backoff, Uniform) or type(backoff).delay is not Uniform.delay:
        return ()
    last = _TABLED if rules.attempts is None else min(rules.attempts - 1, _TABLED)
    drawn = [backoff.bounds(number) for number in range(1, last + 1)]
    # A class of the user's may have any bounds: its delays are checked, each where it is used.
    if not all(type(low) is type(high) is float and 0.0 <= low <= high < math.inf for low, high in drawn):
        return ()
    return ((0.0, 0.0), *((low, high - low) for low, high in drawn))


def _planned(rules: Rules, failure: Failure, number: int, previous: float, rng: Rng) -> Step:
    """What hint and backoff say, whatever they answer, unless there is no attempt left."""
    if rules.attempts is not None and number >= rules.attempts:
        return _ATTEMPTS_EXHAUSTED
    least = 0.0
    hint = ignored = None
    if rules.hint is not None:
        hint, ignored = _advice(rules.hint(failure[0] if isinstance(failure, (Rejected, Cut)) else failure))
        if hint is not None:
            floor = _floor(rules, hint)
            if floor is None:
                return Ending(_HINT_REFUSED, hint)
            least = floor
    delay = rules.backoff.delay(number, previous, rng)
    if type(delay) is not float or not 0.0 <= delay < math.inf:
        usable = usable_number(delay)
        if usable is None:
            usable = DEFAULT.delay(number, previous, rng)
            ignored = "backoff" if ignored is None else f"{ignored}, backoff"
        delay = usable
    if hint is None and ignored is None:
        return delay
    return Wait(delay + least, _HINT if least else _BACKOFF, hint, ignored)


def _advice(answer: object) -> tuple[float | None, str | None]:
    """The server's hint, if it gave a usable one, and whether it gave an unusable one."""
    if answer is None:
        return None, None
    hint = usable_number(answer)
    return hint, "hint" if hint is None else None


def _floor(rules: Rules, hint: float) -> float | None:
    """The least wait that a hint allows; None to give up."""
    cap = rules.longest_hint
    if hint <= cap:
        return hint
    match rules.over_cap:
        case "give_up":
            return None
        case "cap":
            return cap
        case "ignore":
            return 0.0
        case never:
            assert_never(never)

"""A stop from outside: no further attempt starts, and the call raises its last failure."""

import contextlib
import gc
import sys
import threading
from typing import Any

import pytest

import retold
from retold import Outcome, Policy, RejectedResult
from retold.journal import JOURNAL
from retold.telemetry import CALL_ACTIVE, CALL_WAITING, CALLS
from retold.testing import ManualClock, MemoryExporter
from tests.forms import FUNCTIONS, SYNC_FORMS, Failing, Form
from tests.runners.leaving import Leaving
from tests.runners.test_raised_errors import OURS, Frozen, codes


class Stopping(ManualClock):
    """A clock that sets a stop while the `number`-th wait lasts."""

    def __init__(self, number: int = 1) -> None:
        super().__init__()
        self.stop = threading.Event()
        self._number = number

    def sleep(self, seconds: float, /) -> None:
        super().sleep(seconds)
        if len(self.waits) == self._number:
            self.stop.set()


def stopping(work: Any, stop: threading.Event) -> Any:
    """Work during which the stop is set."""

    def perform() -> Any:
        stop.set()
        return work()

    return perform


def test_a_stop_that_is_set_in_an_attempt_ends_the_call_before_its_wait(
    form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    stop, error = threading.Event(), OSError("down")

    with pytest.raises(OSError) as caught:
        form.perform(Policy(on=OSError, stop=stop, backoff=1, clock=clock), stopping(Failing(error), stop))

    assert caught.value is error
    assert not hasattr(error, "__notes__")
    assert (clock.waits, seen.retries) == ([], [])
    assert (seen.last.outcome, seen.last.attempts, seen.last.error_type) == (Outcome.ABORTED, 1, "OSError")


def test_a_stop_never_interrupts_an_attempt(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    stop = threading.Event()

    assert form.perform(Policy(on=OSError, stop=stop, clock=clock), stopping(Failing("value"), stop)) == "value"

    assert seen.last.outcome is Outcome.SUCCESS


def test_a_call_that_begins_after_the_stop_makes_its_first_attempt(form: Form, clock: ManualClock) -> None:
    policy = Policy(on=OSError, attempts=None, stop=lambda: True, clock=clock)
    work = Failing(OSError, "value")

    with pytest.raises(OSError, match="run 1"):
        form.perform(policy, work)

    assert form.perform(policy, work) == "value"


@pytest.mark.parametrize("number", [1, 2])
def test_a_stop_ends_a_wait_and_the_last_failure_is_raised(number: int, form: Form, seen: MemoryExporter) -> None:
    clock, work = Stopping(number), Failing(OSError)
    policy = Policy(on=OSError, attempts=5, stop=clock.stop, backoff=[1, 2], operation="fetch", clock=clock)

    with pytest.raises(OSError, match=f"run {number}") as caught:
        form.perform(policy, work)

    assert work.runs == number
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.ABORTED, number)
    assert seen.last.delay_total == sum(clock.waits) == [1, 3][number - 1]
    notes = ["retold: fetch: aborted after 2 attempts and 3 s of waiting"]
    assert getattr(caught.value, "__notes__", []) == notes[: number - 1]


@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
def test_what_is_raised_then_is_as_the_function_raised_it(told: bool, form: Form) -> None:
    clock, cause, context = Stopping(), KeyError("cause"), KeyError("context")

    def work() -> None:
        try:
            raise context
        except KeyError:
            raise OSError from cause

    def handling() -> None:
        try:
            raise ValueError("what the caller is handling")
        except ValueError:
            form.perform(Policy(on=OSError, stop=clock.stop, backoff=1, clock=clock), work)

    with retold.configure(exporters=[MemoryExporter()] if told else []), pytest.raises(OSError) as caught:
        handling()

    assert caught.value.__cause__ is cause
    assert caught.value.__context__ is context
    frames = codes(caught.value.__traceback__)
    assert work.__code__ in frames
    assert sum(str(OURS) in code.co_filename or "<retold" in code.co_filename for code in frames) <= 2


def test_a_frozen_exception_is_raised_as_well(form: Form) -> None:
    clock, error = Stopping(), Frozen()

    with pytest.raises(Frozen) as caught:
        form.perform(Policy(on=Frozen, stop=clock.stop, backoff=1, clock=clock), Failing(error))

    assert caught.value is error


def test_a_rejected_result_is_raised_as_one(form: Form, seen: MemoryExporter) -> None:
    clock = Stopping()

    with pytest.raises(RejectedResult) as caught:
        form.perform(Policy(on_result=bool, stop=clock.stop, backoff=1, clock=clock), Failing("pending"))

    assert caught.value.result == "pending"
    assert seen.last.outcome is Outcome.ABORTED


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({"on": ValueError}, Outcome.NOT_RETRYABLE),
        ({"attempts": 1}, Outcome.ATTEMPTS_EXHAUSTED),
        ({"timeout": 1, "backoff": 2}, Outcome.DEADLINE_EXCEEDED),
        ({"hint": lambda error: 61}, Outcome.HINT_REFUSED),
    ],
)
def test_what_would_have_ended_the_call_anyway_keeps_its_outcome(
    options: dict[str, Any], outcome: Outcome, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    policy = Policy(on=OSError, stop=lambda: True, clock=clock).replace(**options)

    with pytest.raises(OSError):
        form.perform(policy, Failing(OSError))

    assert seen.last.outcome is outcome


def test_a_stopped_call_is_no_give_up_and_serves_no_fallback(function_form: Form, seen: MemoryExporter) -> None:
    clock = Stopping()

    with pytest.raises(OSError):
        function_form.perform(
            Policy(on=OSError, stop=clock.stop, backoff=1, clock=clock, fallback=None), Failing(OSError)
        )

    assert (seen.last.outcome, seen.last.fallback) == (Outcome.ABORTED, False)


@pytest.mark.parametrize("good_for", [0, 1], ids=["after-the-attempt", "after-the-wait"])
def test_a_predicate_that_raises_is_a_bug_of_the_policy(
    good_for: int, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    asked: list[None] = []
    error = OSError("the user's")

    def broken() -> bool:
        asked.append(None)
        if len(asked) > good_for:
            raise LookupError("a bug")
        return False

    with pytest.raises(LookupError, match="a bug") as caught:
        form.perform(Policy(on=OSError, stop=broken, backoff=1, clock=clock), Failing(error))

    assert caught.value.__context__ is error
    assert (seen.last.outcome, len(seen.calls)) == (Outcome.NOT_RETRYABLE, 1)


def test_a_predicate_that_raises_what_has_a_context_keeps_that(form: Form, clock: ManualClock) -> None:
    context = KeyError()
    asked: list[None] = []

    def broken() -> bool:
        asked.append(None)
        if len(asked) == 1:
            return False
        try:
            raise context
        except KeyError:
            raise LookupError("a bug")  # noqa: B904 - the implicit context is what this is about

    with pytest.raises(LookupError) as caught:
        form.perform(Policy(on=OSError, stop=broken, backoff=1, clock=clock), Failing(OSError))

    assert caught.value.__context__ is context
    assert isinstance(context.__context__, OSError)


def test_so_it_does_where_the_caller_handles_something(form: Form, clock: ManualClock) -> None:
    answers = [False]
    error, handled = OSError("the user's"), ValueError("what the caller is handling")

    def handling() -> None:
        try:
            raise handled
        except ValueError:
            form.perform(Policy(on=OSError, stop=answers.pop, backoff=1, clock=clock), Failing(error))

    with pytest.raises(IndexError) as caught:
        handling()

    assert caught.value.__context__ is error
    assert error.__context__ is handled


def test_one_that_raises_the_last_failure_itself_leaves_it_as_it_is(form: Form, clock: ManualClock) -> None:
    answers: list[bool] = [False]
    error = OSError()

    def broken() -> bool:
        if answers:
            return answers.pop()
        raise error

    with pytest.raises(OSError) as caught:
        form.perform(Policy(on=OSError, stop=broken, backoff=1, clock=clock), Failing(error))

    assert caught.value is error
    assert error.__context__ is None


def test_a_predicate_that_raises_what_is_no_exception_cancels(
    form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    def interrupted() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        form.perform(Policy(on=OSError, stop=interrupted, backoff=1, clock=clock), Failing(OSError))

    assert seen.last.outcome is Outcome.CANCELLED


@pytest.mark.usefixtures("journaling")
def test_a_stopped_call_is_counted_once_and_releases_the_gauges(form: Form) -> None:
    clock = Stopping()

    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, stop=clock.stop, backoff=1, operation="fetch", clock=clock), Failing(OSError))

    totals = JOURNAL.collect()
    assert totals[CALLS]["fetch", "aborted", False] == 1
    assert totals[CALL_ACTIVE]["fetch",] == totals[CALL_WAITING]["fetch",] == 0


def test_a_report_has_the_wait_that_was_ended() -> None:
    clock = Stopping()

    report = Policy(on=OSError, stop=clock.stop, backoff=1, clock=clock).run(Failing(OSError))

    assert (report.outcome, report.attempts, report.delays) == (Outcome.ABORTED, 1, (1.0,))


@pytest.mark.parametrize("ending", ["stopped", "recovered", "exhausted", "interrupted"])
def test_no_failure_is_kept_beyond_its_wait(ending: str, form: Form) -> None:
    work = Leaving(OSError, failures=2 if ending == "recovered" else 10**6)
    alive: list[int] = []

    class Looking(ManualClock):
        def sleep(self, seconds: float, /) -> None:
            alive.append(work.alive)
            super().sleep(seconds)
            if ending == "interrupted" and len(self.waits) == 2:
                raise KeyboardInterrupt

    clock = Looking()
    policy = Policy(
        on=OSError, attempts=4, backoff=1, clock=clock, stop=lambda: ending == "stopped" and len(clock.waits) == 2
    )

    gc.disable()
    try:
        with contextlib.suppress(OSError, KeyboardInterrupt):
            form.perform(policy, work)
        left = work.alive
    finally:
        gc.enable()

    assert max(alive) == 1  # the one that a stop would raise
    assert left == 0


def test_a_block_that_is_left_after_a_failure_keeps_nothing(clock: ManualClock) -> None:
    work = Leaving(OSError)
    # Whoever looks at this frame's variables leaves them there where there is a tracer, as coverage has one.
    tracer = sys.gettrace()
    sys.settrace(None)
    gc.disable()
    try:
        attempts = iter(Policy(on=OSError, stop=threading.Event(), operation="left", clock=clock))
        attempt = next(attempts)
        with attempt:
            work()
        del attempt, attempts
        left = work.alive
    finally:
        gc.enable()
        sys.settrace(tracer)

    assert left == 0


def test_an_iterator_that_a_stop_has_ended_is_over() -> None:
    clock = Stopping()
    attempts = iter(Policy(on=OSError, stop=clock.stop, backoff=1, operation="block", clock=clock))

    attempt = next(attempts)
    with attempt:
        raise OSError
    with pytest.raises(OSError):
        next(attempts)

    assert attempt.number == 1
    assert list(attempts) == []


class Flag:
    """An event that cannot be waited for."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.set, self.is_set = self._event.set, self._event.is_set


@pytest.mark.parametrize("kind", ["event", "flag", "predicate"])
def test_a_wait_that_blocks_ends_when_a_thread_sets_the_stop(kind: str, sync_form: Form, seen: MemoryExporter) -> None:
    stop: Any = threading.Event() if kind == "event" else Flag()
    threads: list[threading.Thread] = []

    def waits(event: retold.RetryScheduled) -> None:
        threads.append(threading.Thread(target=stop.set))
        threads[-1].start()

    policy = Policy(
        on=OSError, attempts=None, stop=stop.is_set if kind == "predicate" else stop, backoff=3600, on_retry=waits
    )

    with pytest.raises(OSError, match="run 1"):
        sync_form.perform(policy, Failing(OSError))

    threads[0].join()
    assert seen.last.outcome is Outcome.ABORTED
    assert seen.last.delay_total < 3600


@pytest.mark.parametrize("kind", ["event", "flag"])
def test_a_wait_that_blocks_lasts_as_long_as_it_should_if_nobody_stops_it(kind: str, sync_form: Form) -> None:
    stop: Any = threading.Event() if kind == "event" else Flag()
    policy = Policy(on=OSError, stop=stop, backoff=[0.06, 0])

    report = policy.run(Failing(OSError, OSError, "value"))

    assert sync_form in SYNC_FORMS
    assert report.value == "value"
    assert report.delays[0] >= 0.06


@pytest.mark.parametrize("form", FUNCTIONS, ids=str)
def test_a_policy_with_a_stop_retries_as_any_other(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, stop=threading.Event(), hint=lambda error: 1, backoff=2, clock=clock)

    assert form.perform(policy, Failing(OSError, OSError, "value")) == "value"

    assert clock.waits == [3.0, 3.0]
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.SUCCESS, 3)

"""A predicate, backoff or hint that raises: the call ends with that, and nobody loses the failure behind it."""

from typing import Any

import pytest

from retold import AttemptEnded, AttemptStarted, Outcome, Policy
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form


def buggy(*_: object) -> Any:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    "options",
    [{"on": buggy}, {"on": OSError, "backoff": buggy}, {"on": OSError, "hint": buggy}],
    ids=["on", "backoff", "hint"],
)
def test_its_exception_has_the_users_as_context(
    options: dict[str, Any], form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    failure = OSError()

    with pytest.raises(ZeroDivisionError) as caught:
        form.perform(Policy(**options, clock=clock), Failing(failure))

    assert caught.value.__context__ is failure
    assert (seen.last.outcome, seen.last.error_type) == (Outcome.NOT_RETRYABLE, "ZeroDivisionError")
    assert [attempt.error for attempt in seen.attempts] == [failure]
    assert len(seen.calls) == 1


@pytest.mark.parametrize("options", [{"backoff": buggy}, {"hint": buggy}], ids=["backoff", "hint"])
def test_after_a_rejected_result_the_attempt_stays_rejected(
    options: dict[str, Any], form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    with pytest.raises(ZeroDivisionError):
        form.perform(Policy(on_result=bool, **options, clock=clock), Failing("value"))

    assert [attempt.outcome for attempt in seen.attempts] == ["rejected"]
    assert [call.outcome for call in seen.calls] == [Outcome.NOT_RETRYABLE]


def test_a_result_that_could_not_be_judged_is_an_error(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    with pytest.raises(ZeroDivisionError):
        form.perform(Policy(on_result=buggy, clock=clock), Failing("value"))

    assert [(attempt.outcome, attempt.error_type) for attempt in seen.attempts] == [("error", "ZeroDivisionError")]
    assert [call.outcome for call in seen.calls] == [Outcome.NOT_RETRYABLE]


@pytest.mark.parametrize("name", ["on", "on_result", "hint", "backoff"])
def test_an_interrupt_in_it_ends_attempt_and_call(
    name: str, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    def interrupted(*_: object) -> Any:
        raise KeyboardInterrupt

    options: dict[str, Any] = {"on": OSError, name: interrupted}
    work = Failing("value") if name == "on_result" else Failing(OSError)

    with pytest.raises(KeyboardInterrupt):
        form.perform(Policy(**options, clock=clock), work)

    assert [call.outcome for call in seen.calls] == [Outcome.CANCELLED]
    started = [event for event in seen.events if isinstance(event, AttemptStarted)]
    ended = [event for event in seen.events if isinstance(event, AttemptEnded)]
    assert len(started) == len(ended) == 1

"""Nothing outlives its use: with the garbage collector off, reference counting frees all of it."""

from collections.abc import Callable
from typing import Any

import pytest

from retold import Abort, Policy
from retold.testing import ManualClock
from tests.forms import Form
from tests.runners.leaving import Leaving, Returning, swallow

pytestmark = pytest.mark.usefixtures("no_garbage_collector")


@pytest.mark.parametrize("attempts", [1, 3])
def test_frees_what_an_exhausted_call_left(attempts: int, form: Form, clock: ManualClock) -> None:
    work = Leaving(OSError)

    swallow(form, Policy(on=OSError, attempts=attempts, clock=clock), work)

    assert len(work.left) == attempts
    assert work.alive == 0


def test_frees_what_a_recovered_call_left(form: Form, clock: ManualClock) -> None:
    work = Leaving(OSError, failures=2)

    assert form.perform(Policy(on=OSError, clock=clock), work) == "value"

    assert len(work.left) == 3
    assert work.alive == 0


@pytest.mark.parametrize(
    "failure", [ValueError, Abort, lambda: Abort(ValueError())], ids=["not-retryable", "aborted", "aborted-with-error"]
)
def test_frees_what_a_call_that_ended_at_once_left(
    failure: Callable[[], BaseException], form: Form, clock: ManualClock
) -> None:
    work = Leaving(failure)

    swallow(form, Policy(on=OSError, clock=clock), work)

    assert len(work.left) == 1
    assert work.alive == 0


def test_frees_the_error_that_an_abort_took_from_the_failing_frame(form: Form, clock: ManualClock) -> None:
    failing = Leaving(ValueError)

    def work() -> None:
        try:
            failing()
        except ValueError as error:
            raise Abort(error) from None

    swallow(form, Policy(on=OSError, clock=clock), work)

    assert len(failing.left) == 1
    assert failing.alive == 0


def test_frees_what_a_call_with_a_bug_in_its_policy_left(form: Form, clock: ManualClock) -> None:
    work = Leaving(OSError)

    swallow(form, Policy(on=lambda error: 1 / 0, clock=clock), work)

    assert len(work.left) == 1
    assert work.alive == 0


def raising(error: Exception) -> None:
    raise KeyError


@pytest.mark.parametrize("fallback", [None, lambda error: "value", raising], ids=["none", "value", "raising"])
def test_frees_what_a_call_with_a_fallback_left(
    fallback: Callable[[Exception], Any], function_form: Form, clock: ManualClock
) -> None:
    work = Leaving(OSError)

    swallow(function_form, Policy(on=OSError, fallback=fallback, clock=clock), work)

    assert len(work.left) == 3
    assert work.alive == 0


@pytest.mark.parametrize("options", [{}, {"fallback": None}], ids=["raised", "fallback"])
def test_frees_rejected_results(options: dict[str, Any], function_form: Form, clock: ManualClock) -> None:
    work = Returning()

    swallow(function_form, Policy(on_result=lambda result: True, clock=clock, **options), work)

    assert len(work.left) == 3
    assert work.alive == 0

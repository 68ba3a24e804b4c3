"""What a failed call raises: the function's own exception, as it was."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from traceback import walk_tb
from types import CodeType, TracebackType
from typing import Any

import pytest

import retold
from retold import Abort, Policy, RejectedResult
from retold.testing import ManualClock
from tests.forms import RUN, Failing, Form

OURS = Path(retold.__file__).parent


class Aborting(Abort):
    """Carries an error of its own every time."""

    def __init__(self, text: str) -> None:
        super().__init__(LookupError(text))


class Frozen(Exception):
    """Takes no attributes but what the interpreter itself puts there."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


def codes(traceback: TracebackType | None) -> list[CodeType]:
    return [frame.f_code for frame, _ in walk_tb(traceback)]


def ours_in(error: BaseException) -> list[CodeType]:
    """The code of ours that an error has passed, wrappers included, which are in no file."""
    return [
        code
        for code in codes(error.__traceback__)
        if OURS in Path(code.co_filename).parents or code.co_filename.startswith("<retold ")
    ]


def test_the_last_exception_is_the_same_object_with_the_users_frame(form: Form, clock: ManualClock) -> None:
    errors = [OSError("first"), OSError("second")]
    work = Failing(*errors)

    with pytest.raises(OSError, match="second") as caught:
        form.perform(Policy(on=OSError, attempts=2, clock=clock), work)

    assert caught.value is errors[1]
    assert Failing.__call__.__code__ in codes(caught.value.__traceback__)


@pytest.mark.parametrize("on", [OSError, ValueError], ids=["exhausted", "not-retryable"])
def test_its_cause_and_context_are_untouched(on: type[Exception], form: Form, clock: ManualClock) -> None:
    cause, context = KeyError("cause"), LookupError("context")
    error = OSError()

    def work() -> None:
        try:
            raise context
        except LookupError:
            raise error from cause

    with pytest.raises(OSError):
        form.perform(Policy(on=on, attempts=2, clock=clock), work)

    assert error.__cause__ is cause
    assert error.__context__ is context
    assert error.__suppress_context__


def test_an_instance_raised_every_time_never_points_to_itself(form: Form, clock: ManualClock) -> None:
    error = OSError()

    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=4, clock=clock), Failing(error))

    assert error.__cause__ is None
    assert error.__context__ is None


def test_a_rejected_result_has_what_the_caller_handles_as_its_context(form: Form, clock: ManualClock) -> None:
    handled = KeyError()

    def handling() -> None:
        try:
            raise handled
        except KeyError:
            form.perform(Policy(on_result=bool, attempts=2, clock=clock), Failing("bad"))

    with pytest.raises(RejectedResult) as caught:
        handling()

    assert caught.value.__context__ is handled
    assert not caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("turn", "kind"),
    [(OSError, OSError), (KeyError, KeyError), (Aborting, LookupError), ("bad", RejectedResult)],
    ids=["exhausted", "not-retryable", "aborted", "rejected"],
)
def test_at_most_two_frames_in_its_traceback_are_ours(
    turn: object, kind: type[Exception], form: Form, clock: ManualClock
) -> None:
    policy = Policy(on=OSError, on_result=lambda result: result == "bad", attempts=2, clock=clock)

    with pytest.raises(kind) as caught:
        form.perform(policy, Failing("bad", turn))

    assert len(ours_in(caught.value)) <= 2


def test_there_are_no_more_where_a_later_attempt_takes_another_way(form: Form, clock: ManualClock) -> None:
    policy = Policy(on=OSError, attempts=4, clock=clock, hint=lambda error: error.errno)

    with pytest.raises(OSError) as caught:
        form.perform(policy, Failing(OSError(), OSError(2, "come back"), OSError(), OSError()))

    assert len(ours_in(caught.value)) <= 2


def test_an_exception_whose_text_raises_is_retried_and_raised(form: Form, clock: ManualClock) -> None:
    class Unspeakable(Exception):
        def __str__(self) -> str:
            raise RuntimeError

        __repr__ = __str__

    error = Unspeakable()

    with pytest.raises(Unspeakable) as caught:
        form.perform(Policy(on=Unspeakable, attempts=3, clock=clock), Failing(error))

    assert caught.value is error


@pytest.mark.parametrize("turn", [lambda error: error, Abort], ids=["exhausted", "aborted"])
def test_a_frozen_exception_is_raised_as_it_is(
    turn: Callable[[Exception], Exception], form: Form, clock: ManualClock
) -> None:
    error = Frozen()
    turns = [OSError, turn(error)]

    with pytest.raises(Frozen) as caught:
        form.perform(Policy(on=(OSError, Frozen), attempts=2, clock=clock), Failing(*turns))

    assert caught.value is error
    assert not hasattr(error, "__notes__")


def test_a_rejected_result_passes_through_a_context_manager(form: Form, clock: ManualClock) -> None:
    @contextlib.contextmanager
    def passing() -> Iterator[None]:
        yield

    with pytest.raises(RejectedResult) as caught, passing():
        form.perform(Policy(on_result=bool, clock=clock), Failing("bad"))

    assert caught.value.result == "bad"


def test_run_reports_what_the_other_forms_raise(clock: ManualClock) -> None:
    error = OSError()

    with pytest.raises(OSError) as caught:
        RUN.perform(Policy(on=OSError, clock=clock), Failing(error))

    assert caught.value is error


def failing_with_notes(*notes: Any) -> OSError:
    error = OSError()
    for note in notes:
        error.add_note(note)
    return error


def test_a_give_up_leaves_one_note(form: Form, clock: ManualClock) -> None:
    error = failing_with_notes("the user's own")
    policy = Policy(on=OSError, attempts=2, backoff=0.1 + 0.2, operation="shop.pay", clock=clock)

    with pytest.raises(OSError):
        form.perform(policy, Failing(error))

    assert error.__notes__ == [
        "the user's own",
        "retold: shop.pay: attempts_exhausted after 2 attempts and 0.3 s of waiting",
    ]


def test_a_single_attempt_that_gave_up_leaves_a_note(form: Form, clock: ManualClock) -> None:
    error = OSError()

    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=1, operation="shop.pay", clock=clock), Failing(error))

    assert error.__notes__ == ["retold: shop.pay: attempts_exhausted after 1 attempt"]


@pytest.mark.parametrize("turn", [ValueError(), Abort(ValueError())], ids=["not-retryable", "aborted"])
def test_a_first_attempt_that_does_not_give_up_leaves_no_note(turn: Exception, form: Form, clock: ManualClock) -> None:
    with pytest.raises(ValueError) as caught:
        form.perform(Policy(on=OSError, clock=clock), Failing(turn))

    assert not hasattr(caught.value, "__notes__")


def test_whatever_ends_a_call_after_a_retry_leaves_a_note(form: Form, clock: ManualClock) -> None:
    policy = Policy(on=OSError, backoff=0, operation="shop.pay", clock=clock)

    with pytest.raises(ValueError) as caught:
        form.perform(policy, Failing(OSError, ValueError))

    assert caught.value.__notes__ == ["retold: shop.pay: not_retryable after 2 attempts"]


def test_a_note_of_the_same_operation_is_replaced(form: Form, clock: ManualClock) -> None:
    error = OSError()
    policy = Policy(on=OSError, backoff=0, operation="shop.pay", clock=clock)

    for attempts in (2, 3):
        with pytest.raises(OSError):
            form.perform(policy.replace(attempts=attempts), Failing(error))

    assert error.__notes__ == ["retold: shop.pay: attempts_exhausted after 3 attempts"]

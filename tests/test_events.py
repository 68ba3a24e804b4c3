"""The facts of a call are closed, immutable values."""

import pytest

from retold import CallEnded, Outcome


def test_the_give_ups_are_the_four_limits_of_a_policy() -> None:
    assert {outcome for outcome in Outcome if outcome.is_give_up} == {
        Outcome.ATTEMPTS_EXHAUSTED,
        Outcome.DEADLINE_EXCEEDED,
        Outcome.BUDGET_EXHAUSTED,
        Outcome.HINT_REFUSED,
    }


def test_an_outcome_is_written_as_its_value() -> None:
    assert f"{Outcome.DEADLINE_EXCEEDED}" == "deadline_exceeded"


@pytest.mark.parametrize(("attempts", "retried"), [(0, False), (1, False), (2, True)])
def test_a_call_was_retried_if_it_made_more_than_one_attempt(attempts: int, retried: bool) -> None:
    event = CallEnded("read", Outcome.SUCCESS, attempts, 0.0, 0.0, None, False, None, 0)

    assert event.retried is retried


def test_an_event_never_changes() -> None:
    event = CallEnded("read", Outcome.SUCCESS, 1, 0.0, 0.0, None, False, None, 0)

    with pytest.raises(AttributeError):
        event.attempts = 2  # type: ignore[misc] # what must fail

"""What some seconds say of an operation: shares, rates and times, as the dashboards have them."""

import math

import pytest

from retold.cli.top.flow import Ended, Flow, flows, together
from retold.cli.top.reading import Key, Kind


def flow(seconds: float = 10, **outcomes: float) -> Flow:
    return Flow(seconds, {(Kind.CALLS, outcome): count for outcome, count in outcomes.items()})


def durations(**buckets: float) -> Flow:
    bounds = {"half": "0.5", "one": "1.0", "five": "5.0", "all": "inf"}
    return Flow(10, {(Kind.DURATIONS, bounds[name]): count for name, count in buckets.items()})


def test_effective_success_is_of_calls_that_were_not_cancelled() -> None:
    assert flow(success=6, attempts_exhausted=1, not_retryable=1, cancelled=92).ended.effective == 6 / 8


def test_actual_success_is_of_attempts_that_succeeded_or_raised() -> None:
    attempts = {"success": 3.0, "error": 1.0, "rejected": 5.0, "cancelled": 7.0}

    ended = Flow(10, {(Kind.ATTEMPTS, outcome): count for outcome, count in attempts.items()}).ended

    assert (ended.attempts, ended.actual) == (4, 3 / 4)


def test_give_ups_are_calls_whose_policy_ran_out() -> None:
    told = flow(success=9, not_retryable=4, aborted=2, attempts_exhausted=3, hint_refused=1, new_in_a_later_version=1)

    assert told.give_ups == {"attempts_exhausted": 3, "hint_refused": 1}


def test_rates_are_by_the_second() -> None:
    assert (flow(20).rate(10), flow(0).rate(10)) == (0.5, 0.0)


def test_amplification_and_time_asleep_are_of_calls_that_ended() -> None:
    told = Flow(
        10, {(Kind.MADE, ""): 12, (Kind.ENDED, ""): 8, (Kind.WAITED, ""): 3, (Kind.SPENT, ""): 4, (Kind.CALLS, ""): 1}
    )

    assert (told.amplification, told.asleep) == (1.5, 0.75)


def test_waits_of_calls_that_still_last_are_no_more_than_all_the_time() -> None:
    assert Flow(10, {(Kind.WAITED, ""): 9, (Kind.SPENT, ""): 4}).asleep == 1.0


def test_nothing_has_no_shares() -> None:
    nothing = Flow(10, {})

    assert (nothing.ended.effective, nothing.ended.actual) == (None, None)
    assert (nothing.amplification, nothing.asleep, nothing.p95, nothing.failures) == (None, None, None, {})


@pytest.mark.parametrize(
    ("buckets", "p95"),
    [
        ({"half": 100.0, "one": 100.0, "five": 100.0, "all": 100.0}, 0.475),
        ({"half": 90.0, "one": 100.0, "five": 100.0, "all": 100.0}, 0.75),
        ({"half": 0.0, "one": 0.0, "five": 10.0, "all": 100.0}, 5.0),  # beyond the last bound: at least that
        ({"all": 0.0}, None),
    ],
)
def test_the_95th_percentile_lies_between_two_bounds(buckets: dict[str, float], p95: float | None) -> None:
    assert durations(**buckets).p95 == (None if p95 is None else pytest.approx(p95))


def test_what_was_counted_is_split_by_operation_and_put_together_again() -> None:
    counted = {
        Key(Kind.CALLS, "a", "success"): 2.0,
        Key(Kind.CALLS, "b", "success"): 3.0,
        Key(Kind.WAITED, "b"): 1.5,
    }

    split = flows(10, counted)

    assert split == {
        "a": Flow(10, {(Kind.CALLS, "success"): 2}),
        "b": Flow(10, {(Kind.CALLS, "success"): 3, (Kind.WAITED, ""): 1.5}),
    }
    assert together(10, split.values()) == Flow(10, {(Kind.CALLS, "success"): 5, (Kind.WAITED, ""): 1.5})
    assert math.isclose(together(10, split.values()).total(Kind.CALLS), 5)


def test_ends_add_up() -> None:
    assert Ended(1, 1, 4, 2) + Ended(3, 2, 5, 2) == Ended(4, 3, 9, 4)

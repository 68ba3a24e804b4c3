"""The last minutes of what is watched: windows, moments, restarts, gaps, and several processes together."""

import pytest

from retold.cli.top.flow import Ended
from retold.cli.top.history import EVERYTHING, History
from retold.cli.top.reading import Key, Kind, Reading
from retold.cli.top.scene import Row, Stock


def counted(calls: float = 0, gave_up: float = 0, operation: str = "a", active: float = 0) -> Reading:
    return Reading(
        {
            Key(Kind.CALLS, operation, "success"): calls,
            Key(Kind.CALLS, operation, "attempts_exhausted"): gave_up,
            Key(Kind.ATTEMPTS, operation, "success"): calls,
        },
        {Key(Kind.ACTIVE, operation): active},
    )


def rate(row: Row) -> float:
    return row.flow.rate(sum(row.flow.calls.values()))


def taken(*readings: dict[str, Reading]) -> History:
    """A history of one reading a second."""
    history = History()
    for second, reading in enumerate(readings):
        history.take(reading, second, 1000.0 + second)
    return history


def test_before_the_second_reading_there_is_no_rate_but_all_that_was_counted() -> None:
    [row] = taken({"one": counted(100, 4, active=3)}).rows

    assert (rate(row), row.past, row.give_ups, row.active) == (0, (), {"attempts_exhausted": 4}, 3)


def test_numbers_are_of_the_last_ten_seconds() -> None:
    [row] = taken(*({"one": counted(second * 5 if second < 10 else 50)} for second in range(16))).rows

    assert row.flow.seconds == 10
    assert rate(row) == pytest.approx((50 - 25) / 10)
    assert len(row.past) == 15


def test_of_moments_that_are_longer_the_last_one_counts() -> None:
    history = History()
    for number in range(3):
        history.take({"one": counted(number * 60)}, number * 30, 0)

    [row] = history.rows
    assert (row.flow.seconds, rate(row)) == (30, 2)


def test_several_processes_add_up() -> None:
    history = taken(
        {"one": counted(0, active=1), "two": counted(100, active=2)},
        {"one": counted(10, active=1), "two": counted(130, 2, active=2)},
    )

    [row] = history.rows
    assert (rate(row), row.active, row.give_ups) == (42, 3, {"attempts_exhausted": 2})
    assert row.past == (Ended(42, 40, 40, 40),)


def holding(**left: float) -> Reading:
    """What is left in budgets of ten retries each."""
    capacity = {Key(Kind.CAPACITY, of=name): 10.0 for name in left}
    return Reading({}, {Key(Kind.LEFT, of=name): retries for name, retries in left.items()} | capacity)


def test_budgets_of_one_name_add_up_and_the_emptiest_comes_first() -> None:
    history = taken({"one": holding(bank=9, shop=10, post=2), "two": holding(shop=0.5), "three": holding(shop=10)})

    assert history.budgets == (Stock("post", 2, 10), Stock("shop", 20.5, 30), Stock("bank", 9, 10))


def test_budgets_of_processes_that_are_gone_are_too() -> None:
    history = taken({"one": holding(shop=10), "two": holding(shop=1)}, {"two": holding(shop=2)})

    assert history.budgets == (Stock("shop", 2, 10),)


def test_a_process_that_is_gone_is_a_gap_and_nothing_of_it_is_active() -> None:
    history = taken({"one": counted(0)}, {"one": counted(5, active=3)}, {}, {})

    [row] = history.rows
    assert row.past == (Ended(5, 5, 5, 5), Ended(), Ended())
    assert row.active == 0


def test_what_came_in_a_gap_is_spread_over_it() -> None:
    history = taken({"one": counted(0)}, {}, {}, {"one": counted(30, 3)})

    [row] = history.rows
    assert row.past[-1] == Ended(11, 10, 10, 10)
    assert rate(row) == pytest.approx(33 / 3 / 3)
    assert [each.text for each in history.happenings.latest()] == ["3 gave up: attempts_exhausted"]


def test_a_restart_is_told_and_loses_nothing() -> None:
    history = taken({"one": counted(100)}, {"one": counted(7)})

    [row] = history.rows
    assert rate(row) == 7
    [told] = history.happenings.latest()
    assert (told.subject, told.text, told.time) == ("one", "counts anew: the process was restarted", 1001)


def test_give_ups_are_told_in_one_line_with_their_reasons() -> None:
    more = counted(1, 2)
    more.counters[Key(Kind.CALLS, "a", "deadline_exceeded")] = 1

    history = taken({"one": counted(1, 1)}, {"one": more})

    assert [each.text for each in history.happenings.latest()] == [
        "2 gave up: 1 attempts_exhausted, 1 deadline_exceeded"
    ]


def test_operations_are_by_name_and_everything_is_their_sum() -> None:
    before = Reading({**counted(0, 1, "b").counters, **counted(0, 2, "a").counters})
    after = Reading({**counted(6, 1, "b").counters, **counted(4, 2, "a").counters})
    history = taken({"one": before}, {"one": after})

    rows = history.rows
    everything = history.everything(rows)

    assert [row.operation for row in rows] == ["a", "b"]
    assert (everything.operation, rate(everything)) == (EVERYTHING, 10)
    assert everything.give_ups == {"attempts_exhausted": 3}
    assert everything.past == (Ended(10, 10, 10, 10),)

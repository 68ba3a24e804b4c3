"""What is read of real expositions is the same, whichever way the numbers came."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

import retold
from retold.cli.exposition import Sample
from retold.cli.top.reading import Key, Kind, Reading, has_restarted, increase, read
from tests.cli.top.runs import WAYS, Serving, call, reading

Way = Callable[[], AbstractContextManager[Serving]]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same_numbers(way: Way) -> None:
    with way() as served:
        for failures in (0, 1, 3):
            call(failures)
        found = reading(served())

    def of(kind: Kind) -> dict[str, float]:
        return {key.of: count for key, count in found.counters.items() if key.kind is kind and count}

    assert of(Kind.CALLS) == {"success": 2, "attempts_exhausted": 1}
    assert of(Kind.ATTEMPTS) == {"success": 2, "error": 4}
    assert of(Kind.FAILURES) == {"OSError": 4}
    assert (of(Kind.MADE), of(Kind.ENDED)) == ({"": 6}, {"": 3})
    assert of(Kind.WAITED)[""] == pytest.approx(6)
    assert of(Kind.SPENT)[""] == pytest.approx(6)
    assert (of(Kind.DURATIONS)["0.005"], of(Kind.DURATIONS)["2.5"], of(Kind.DURATIONS)["inf"]) == (1, 2, 3)
    assert found.gauges == {Key(Kind.ACTIVE, "shop.fetch"): 0, Key(Kind.WAITING, "shop.fetch"): 0}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_left_in_budgets_is_read_too(way: Way) -> None:
    with way() as served:
        budget = retold.Budget("shop", ratio=0.5, min_per_second=0, capacity=4)
        call(3, budget=budget)
        found = reading(served())

    assert found.gauges[Key(Kind.LEFT, of="shop")] == 2
    assert found.gauges[Key(Kind.CAPACITY, of="shop")] == 4


@pytest.mark.parametrize("way", WAYS)
def test_what_grew_between_two_scrapes_is_what_was_called(way: Way) -> None:
    with way() as served:
        call(0)
        before = reading(served())
        call(3)
        call(0, "shop.pay")
        after = reading(served())

    grown = {key: more for key, more in increase(before, after).items() if key.kind in (Kind.CALLS, Kind.FAILURES)}
    assert grown == {
        Key(Kind.CALLS, "shop.fetch", "attempts_exhausted"): 1,
        Key(Kind.FAILURES, "shop.fetch", "OSError"): 3,
        Key(Kind.CALLS, "shop.pay", "success"): 1,
    }
    assert not has_restarted(before, after)


def test_a_process_that_began_anew_has_all_that_it_counts_as_increase() -> None:
    calls, failures = Key(Kind.CALLS, "shop.fetch", "success"), Key(Kind.FAILURES, "shop.fetch", "OSError")
    before, after = Reading({calls: 10, failures: 2}), Reading({calls: 12, failures: 1})

    assert has_restarted(before, after)
    assert increase(before, after) == {calls: 12, failures: 1}


def test_a_counter_that_is_gone_is_a_process_that_began_anew() -> None:
    calls = Key(Kind.CALLS, "shop.fetch", "success")

    assert has_restarted(Reading({calls: 1}), Reading({}))


def test_seconds_that_add_up_a_little_differently_are_no_restart() -> None:
    calls, spent = Key(Kind.CALLS, "shop.fetch", "success"), Key(Kind.SPENT, "shop.fetch")
    before, after = Reading({calls: 1, spent: 0.3}), Reading({calls: 1, spent: 0.1 + 0.2 - 1e-16})
    after.counters[spent] = 0.29999999999999993

    assert not has_restarted(before, after)
    assert increase(before, after) == {}


def test_what_is_no_number_is_left_out() -> None:
    samples = [
        Sample("retold_calls_total", {"retold_operation": "a", "retold_outcome": "success"}, float("nan")),
        Sample("retold_policy_max_attempts", {"retold_operation": "a"}, 3),
    ]

    assert read(samples) == Reading({}, {})


@pytest.mark.parametrize("labels", [{}, {"le": ""}, {"le": "much"}])
def test_a_bucket_without_a_bound_is_left_out(labels: dict[str, str]) -> None:
    assert read([Sample("retold_call_duration_seconds_bucket", labels, 1)]) == Reading({}, {})


def test_nothing_in_a_name_does_anything_to_a_terminal() -> None:
    labels = {"retold_operation": "\x1b[2Jshop\n论文", "retold_outcome": "\x07success"}

    assert list(read([Sample("retold_calls_total", labels, 1)]).counters) == [
        Key(Kind.CALLS, "·[2Jshop·论文", "·success")
    ]

"""The tape: what histograms were told, once, for a backend that aggregates itself."""

import math
from bisect import bisect_left
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold import AttemptOutcome, Outcome, telemetry
from retold.journal import Journal, Observations, Tape, tape
from retold.journal.histogram import Stretch
from retold.telemetry import CALL_DURATION

LIMIT = 600


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> Journal:
    monkeypatch.setattr(tape, "LIMIT", LIMIT)
    return Journal()


@pytest.fixture
def followed(journal: Journal) -> Tape:
    made = Tape(lambda: True)
    journal.follow(made)
    return made


def values(told: Iterable[Observations]) -> list[float]:
    return [value for each in told for value in each.values]


def succeed(journal: Journal, operation: str = "shop.fetch", duration: float = 0.5) -> None:
    page = journal.page(operation)
    page.call_began()
    page.succeeded_at_once(duration)


def test_it_has_every_value_with_its_labels_once(journal: Journal, followed: Tape) -> None:
    page = journal.page("shop.fetch")
    page.call_began()
    page.attempt_raised(0.5, "OSError")
    page.wait_ended(2.0)
    page.attempt_ended(AttemptOutcome.SUCCESS, 0.25, None)
    page.call_ended(Outcome.SUCCESS, 2, 2.75, False)

    _, told = journal.collect_with(followed)
    _, again = journal.collect_with(followed)

    assert {(metric, labels): values for metric, labels, values in told} == {
        (telemetry.ATTEMPT_DURATION, ("shop.fetch", "error")): [0.5],
        (telemetry.RETRY_DELAYS, ("shop.fetch",)): [2.0],
        (telemetry.ATTEMPT_DURATION, ("shop.fetch", "success")): [0.25],
        (telemetry.CALL_DURATION, ("shop.fetch", "success")): [2.75],
        (telemetry.CALL_ATTEMPTS, ("shop.fetch", "success")): [2],
    }
    assert len(told) == 5
    assert again == []


def test_it_begins_when_it_is_followed_and_ends_when_it_is_left(journal: Journal) -> None:
    succeed(journal)
    journal.collect()
    late = Tape(lambda: True)
    journal.follow(late)
    succeed(journal, duration=0.25)
    _, told = journal.collect_with(late)
    journal.leave(late)
    succeed(journal)

    assert values(told) == [0.25, 0.25, 1]
    assert journal.collect_with(late)[1] == []


def test_every_tape_has_everything(journal: Journal, followed: Tape) -> None:
    other = Tape(lambda: True)
    journal.follow(other)
    succeed(journal)

    assert values(journal.collect_with(other)[1]) == values(journal.collect_with(followed)[1]) == [0.5, 0.5, 1]


def test_calls_that_succeed_at_once_are_kept_together(journal: Journal, followed: Tape) -> None:
    for duration in (0.5, 0.25):
        succeed(journal, duration=duration)

    _, told = journal.collect_with(followed)

    assert told == [
        Observations(telemetry.ATTEMPT_DURATION, ("shop.fetch", "success"), [0.25, 0.5]),
        Observations(telemetry.CALL_DURATION, ("shop.fetch", "success"), [0.25, 0.5]),
        Observations(telemetry.CALL_ATTEMPTS, ("shop.fetch", "success"), (1, 1)),
    ]


def test_the_tape_and_the_totals_are_of_one_moment(journal: Journal, followed: Tape) -> None:
    """A value that is written while they are read is in both or in neither."""
    succeed(journal)

    totals, told = journal.collect_with(followed)

    assert totals[telemetry.CALLS]["shop.fetch", Outcome.SUCCESS, False] == 1
    assert sum(each.metric is telemetry.CALL_DURATION for each in told) == 1


def test_what_is_kept_does_not_grow_with_the_calls(journal: Journal, followed: Tape) -> None:
    sizes = []
    for calls in (LIMIT, 10 * LIMIT):
        for number in range(calls):
            succeed(journal, duration=number % 7 / 10)
        journal.collect()
        sizes.append(len(followed._kept) + sum(len(each._buckets) for each in followed._stretches.values()))

    _, told = journal.collect_with(followed)

    assert sizes[0] == sizes[1] < LIMIT
    assert len(values(told)) == 3 * 11 * LIMIT


def test_readers_that_do_not_want_it_do_not_let_it_grow(journal: Journal, followed: Tape) -> None:
    """As a scrape by Prometheus does, of operations that are seldom called: each fold has one value."""
    for _ in range(LIMIT):
        succeed(journal)
        journal.collect()

    assert len(followed._kept) == LIMIT
    assert len(values(journal.collect_with(followed)[1])) == 3 * LIMIT


DURATIONS = st.lists(st.floats(0, 1000), min_size=1, max_size=40)


@given(chunks=st.lists(DURATIONS, min_size=1, max_size=20))
def test_a_stretch_gives_each_bucket_its_count_least_greatest_and_sum(chunks: list[list[float]]) -> None:
    stretch = Stretch(CALL_DURATION.buckets)
    for chunk in chunks:
        stretch.add(sorted(chunk))

    def by_bucket(given: Iterable[float]) -> dict[int, list[float]]:
        buckets: dict[int, list[float]] = {}
        for value in given:
            buckets.setdefault(bisect_left(CALL_DURATION.buckets, value), []).append(value)
        return buckets

    wanted, found = by_bucket(value for chunk in chunks for value in chunk), by_bucket(stretch)

    assert {key: (len(of), min(of), max(of)) for key, of in found.items()} == {
        key: (len(of), min(of), max(of)) for key, of in wanted.items()
    }
    assert all(math.isclose(sum(found[key]), sum(wanted[key]), rel_tol=1e-9, abs_tol=1e-12) for key in wanted)
    assert len(stretch) == sum(map(len, chunks))


def test_a_forked_child_has_an_empty_tape(journal: Journal, followed: Tape) -> None:
    succeed(journal)
    journal.collect()

    journal.restart()

    assert journal.collect_with(followed)[1] == []

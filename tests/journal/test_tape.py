"""The tape: every value of a histogram, once, for a backend that aggregates itself."""

import pytest

from retold import AttemptOutcome, Outcome, telemetry
from retold.journal import Journal, Observations, book

TAPE_LIMIT = 600


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> Journal:
    monkeypatch.setattr(book, "TAPE_LIMIT", TAPE_LIMIT)
    return Journal()


def values(tape: list[Observations]) -> int:
    return sum(len(each.values) for each in tape)


def succeed(journal: Journal, operation: str = "shop.fetch", duration: float = 0.5) -> None:
    page = journal.page(operation)
    page.call_began()
    page.succeeded_at_once(duration)


def test_it_has_every_value_with_its_labels_once(journal: Journal) -> None:
    journal.record_tape(lambda tape: None)
    page = journal.page("shop.fetch")
    page.call_began()
    page.attempt_ended(AttemptOutcome.ERROR, 0.5, "OSError")
    page.wait_began()
    page.wait_ended(2.0)
    page.attempt_ended(AttemptOutcome.SUCCESS, 0.25, None)
    page.call_ended(Outcome.SUCCESS, 2, 2.75, False)

    _, tape = journal.collect_with_tape()
    _, again = journal.collect_with_tape()

    assert tape == [
        Observations(telemetry.ATTEMPT_DURATION, ("shop.fetch", "error"), (0.5,)),
        Observations(telemetry.RETRY_DELAYS, ("shop.fetch",), (2.0,)),
        Observations(telemetry.ATTEMPT_DURATION, ("shop.fetch", "success"), (0.25,)),
        Observations(telemetry.CALL_DURATION, ("shop.fetch", "success"), (2.75,)),
        Observations(telemetry.CALL_ATTEMPTS, ("shop.fetch", "success"), (2,)),
    ]
    assert again == []


def test_nothing_is_kept_while_nobody_wants_it(journal: Journal) -> None:
    succeed(journal)
    journal.record_tape(None)
    succeed(journal)

    _, tape = journal.collect_with_tape()

    assert tape == []


def test_writers_play_it_when_it_is_full(journal: Journal) -> None:
    played: list[Observations] = []
    journal.record_tape(played.extend)

    for _ in range(TAPE_LIMIT):
        succeed(journal)

    assert values(played) >= TAPE_LIMIT
    _, rest = journal.collect_with_tape()
    assert values(played) + values(rest) == 3 * TAPE_LIMIT


def test_readers_that_do_not_want_it_do_not_let_it_grow(journal: Journal) -> None:
    """As a scrape by Prometheus does, of many operations that are seldom called."""
    played: list[Observations] = []
    journal.record_tape(played.extend)

    for _ in range(TAPE_LIMIT):
        succeed(journal)
        journal.collect()

    assert values(journal._tape) < TAPE_LIMIT
    assert values(played) + values(journal._tape) == 3 * TAPE_LIMIT


def test_calls_that_succeed_at_once_are_kept_together(journal: Journal) -> None:
    journal.record_tape(lambda tape: None)
    for duration in (0.5, 0.25):
        succeed(journal, duration=duration)

    _, tape = journal.collect_with_tape()

    assert tape == [
        Observations(telemetry.ATTEMPT_DURATION, ("shop.fetch", "success"), [0.25, 0.5]),
        Observations(telemetry.CALL_DURATION, ("shop.fetch", "success"), [0.25, 0.5]),
        Observations(telemetry.CALL_ATTEMPTS, ("shop.fetch", "success"), (1, 1)),
    ]


def test_the_tape_and_the_totals_are_of_one_moment(journal: Journal) -> None:
    """A value that is written while they are read is in both or in neither."""
    journal.record_tape(lambda tape: None)
    succeed(journal)

    totals, tape = journal.collect_with_tape()

    assert totals[telemetry.CALLS]["shop.fetch", Outcome.SUCCESS, False] == 1
    assert sum(each.metric is telemetry.CALL_DURATION for each in tape) == 1

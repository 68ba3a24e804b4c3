"""The tape: every value of a histogram, once, for a backend that aggregates itself."""

import pytest

from retold import AttemptOutcome, Outcome, telemetry
from retold.journal import Journal, Observation
from retold.journal.book import TAPE_LIMIT


@pytest.fixture
def journal() -> Journal:
    return Journal()


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
        Observation(telemetry.ATTEMPT_DURATION, ("shop.fetch", "error"), 0.5),
        Observation(telemetry.RETRY_DELAYS, ("shop.fetch",), 2.0),
        Observation(telemetry.ATTEMPT_DURATION, ("shop.fetch", "success"), 0.25),
        Observation(telemetry.CALL_DURATION, ("shop.fetch", "success"), 2.75),
        Observation(telemetry.CALL_ATTEMPTS, ("shop.fetch", "success"), 2),
    ]
    assert again == []


def test_nothing_is_kept_while_nobody_wants_it(journal: Journal) -> None:
    succeed(journal)
    journal.record_tape(None)
    succeed(journal)

    _, tape = journal.collect_with_tape()

    assert tape == []


def test_writers_play_it_when_it_is_full(journal: Journal) -> None:
    played: list[Observation] = []
    journal.record_tape(played.extend)

    for _ in range(TAPE_LIMIT):
        succeed(journal)

    assert len(played) >= TAPE_LIMIT
    _, rest = journal.collect_with_tape()
    assert len(played) + len(rest) == 3 * TAPE_LIMIT


def test_readers_that_do_not_want_it_do_not_let_it_grow(journal: Journal) -> None:
    """As a scrape by Prometheus does, of many operations that are seldom called."""
    played: list[Observation] = []
    journal.record_tape(played.extend)

    for _ in range(TAPE_LIMIT):
        succeed(journal)
        journal.collect()

    assert len(journal._tape) < TAPE_LIMIT
    assert len(played) + len(journal._tape) == 3 * TAPE_LIMIT


def test_the_tape_and_the_totals_are_of_one_moment(journal: Journal) -> None:
    """A value that is written while they are read is in both or in neither."""
    journal.record_tape(lambda tape: None)
    succeed(journal)

    totals, tape = journal.collect_with_tape()

    assert totals[telemetry.CALLS]["shop.fetch", Outcome.SUCCESS, False] == 1
    assert sum(each.metric is telemetry.CALL_DURATION for each in tape) == 1

"""The journal: what it knows, what it counts, and its limits."""

import pytest

from retold import AttemptOutcome, Outcome, telemetry
from retold.journal import Distribution, Exemplar, Journal, Totals
from retold.journal.page import FOLD_AT
from retold.telemetry import OTHER


@pytest.fixture
def journal() -> Journal:
    return Journal()


def call(journal: Journal, operation: str, outcome: Outcome = Outcome.SUCCESS, error_type: str | None = None) -> None:
    """Write down a call of one attempt."""
    page = journal.page(operation)
    page.call_began()
    if outcome is Outcome.SUCCESS:
        page.succeeded_at_once(0.5)
        return
    page.attempt_ended(AttemptOutcome.ERROR, 0.5, error_type)
    page.call_ended(outcome, 1, 0.5, False)


def distribution(totals: Totals, metric: telemetry.Metric, *labels: str) -> Distribution:
    found = totals[metric][labels]
    assert isinstance(found, Distribution)
    return found


def test_an_operation_is_known_before_its_first_call(journal: Journal) -> None:
    journal.register("shop.fetch", 3)

    totals = journal.collect()

    assert totals[telemetry.CALLS] == {
        ("shop.fetch", outcome, retried): 0 for outcome in Outcome for retried in (False, True)
    }
    assert totals[telemetry.MAX_ATTEMPTS] == {("shop.fetch",): 3}
    assert totals[telemetry.CALL_DURATION] == {}


def test_registering_by_hand_keeps_the_limit_that_is_known(journal: Journal) -> None:
    journal.register("shop.fetch", 3)
    journal.register("shop.fetch")

    assert journal.collect()[telemetry.MAX_ATTEMPTS] == {("shop.fetch",): 3}


def test_registering_by_hand_first_leaves_the_limit_to_the_policy(journal: Journal) -> None:
    journal.register("shop.fetch")
    journal.register("shop.fetch", 3)
    journal.register("shop.fetch", 5)

    assert journal.collect()[telemetry.MAX_ATTEMPTS] == {("shop.fetch",): 5}


def test_operations_are_known_in_the_order_in_which_they_were_registered(journal: Journal) -> None:
    for number in range(telemetry.MAX_OPERATIONS + 10):
        journal.register(f"known.{number}")

    known = [operation for (operation,) in journal.collect()[telemetry.CALL_ACTIVE]]
    assert known == [f"known.{number}" for number in range(telemetry.MAX_OPERATIONS)]


def test_a_call_is_in_every_metric_of_one_reading(journal: Journal) -> None:
    page = journal.page("shop.fetch")
    page.call_began()
    page.attempt_ended(AttemptOutcome.ERROR, 0.5, "OSError")
    page.wait_began()

    asleep = journal.collect()
    page.wait_ended(2.0)
    page.attempt_ended(AttemptOutcome.REJECTED, 0.25, "retold.RejectedResult")
    page.call_ended(Outcome.ATTEMPTS_EXHAUSTED, 2, 2.75, True)
    over = journal.collect()

    assert (asleep[telemetry.CALL_ACTIVE], asleep[telemetry.CALL_WAITING]) == ({("shop.fetch",): 1},) * 2
    assert (over[telemetry.CALL_ACTIVE], over[telemetry.CALL_WAITING]) == ({("shop.fetch",): 0},) * 2
    assert over[telemetry.CALLS]["shop.fetch", Outcome.ATTEMPTS_EXHAUSTED, True] == 1
    assert over[telemetry.GIVE_UPS]["shop.fetch", Outcome.ATTEMPTS_EXHAUSTED] == 1
    assert over[telemetry.FALLBACKS] == {("shop.fetch",): 1}
    assert over[telemetry.ATTEMPT_FAILURES] == {
        ("shop.fetch", "OSError"): 1,
        ("shop.fetch", "retold.RejectedResult"): 1,
    }
    assert distribution(over, telemetry.RETRY_DELAYS, "shop.fetch").sum == 2.0
    assert distribution(over, telemetry.CALL_ATTEMPTS, "shop.fetch", Outcome.ATTEMPTS_EXHAUSTED).sum == 2


def test_a_value_on_a_bound_falls_into_the_bucket_below(journal: Journal) -> None:
    for duration in (0.0, 0.005, 0.0051, 300.0, 301.0):
        page = journal.page("shop.fetch")
        page.call_began()
        page.succeeded_at_once(duration)

    counts = distribution(journal.collect(), telemetry.CALL_DURATION, "shop.fetch", "success").counts

    assert (counts[0], counts[1], counts[-2], counts[-1], sum(counts)) == (2, 1, 1, 1, 5)


def test_operations_beyond_the_limit_share_one_page(journal: Journal) -> None:
    names = [f"shop.{number}" for number in range(telemetry.MAX_OPERATIONS + 5)]
    for name in names:
        call(journal, name)
    call(journal, names[-1])
    call(journal, names[0])

    totals = journal.collect()

    calls = {labels[0]: count for labels, count in totals[telemetry.CALLS].items() if count}
    assert calls == {**dict.fromkeys(names[:100], 1), names[0]: 2, OTHER: 6}
    assert totals[telemetry.LABEL_OVERFLOWS]["retold.operation",] == 6


def test_every_call_on_the_shared_page_is_an_overflow_even_while_it_runs(journal: Journal) -> None:
    journal.max_operations = 1
    journal.page("shop.fetch").call_began()
    page = journal.page("shop.pay")
    page.call_began()
    page.succeeded_at_once(0.5)
    page.call_began()

    assert journal.collect()[telemetry.LABEL_OVERFLOWS]["retold.operation",] == 2


def test_operations_that_are_only_known_make_room_for_called_ones(journal: Journal) -> None:
    for number in range(telemetry.MAX_OPERATIONS):
        journal.register(f"known.{number}", 3)
    journal.register("late", 3)

    call(journal, "called")

    totals = journal.collect()
    names = {str(labels[0]) for labels in totals[telemetry.CALLS]}
    assert names == {"called", *(f"known.{number}" for number in range(1, 100))}
    assert set(totals[telemetry.MAX_ATTEMPTS]) == {(f"known.{number}",) for number in range(1, 100)}
    assert totals[telemetry.LABEL_OVERFLOWS]["retold.operation",] == 0


def test_operations_that_somebody_named_come_before_those_of_decorated_functions(journal: Journal) -> None:
    journal.max_operations = 3
    for number in range(3):
        journal.register(f"app.function{number}", 3, named=False)
    call(journal, "app.function1")
    journal.register("shop.fetch", 3)
    journal.register("shop.pay", 3)
    journal.register("shop.refund", 3)
    journal.register("app.function3", 3, named=False)

    assert {labels[0] for labels in journal.collect()[telemetry.CALLS]} == {"app.function1", "shop.fetch", "shop.pay"}

    call(journal, "app.function3")

    assert {labels[0] for labels in journal.collect()[telemetry.CALLS]} == {
        "app.function1",
        "app.function3",
        "shop.pay",
    }


def test_error_types_beyond_the_limit_are_counted_as_other(journal: Journal) -> None:
    for number in range(telemetry.MAX_ERROR_TYPES + 4):
        call(journal, "shop.fetch", Outcome.NOT_RETRYABLE, f"shop.Error{number}")
    call(journal, "shop.fetch", Outcome.NOT_RETRYABLE, "shop.Error0")
    call(journal, "shop.pay", Outcome.NOT_RETRYABLE, "shop.Error99")

    totals = journal.collect()

    failures = totals[telemetry.ATTEMPT_FAILURES]
    assert failures["shop.fetch", OTHER] == 4
    assert failures["shop.fetch", "shop.Error0"] == 2
    assert failures["shop.pay", "shop.Error99"] == 1
    assert len(failures) == 15 + 1 + 1
    assert totals[telemetry.LABEL_OVERFLOWS]["error.type",] == 4


def test_each_way_to_fail_shares_the_room_for_types_of_error(journal: Journal) -> None:
    page = journal.page("shop.fetch")
    for number in range(telemetry.MAX_ERROR_TYPES + 2):
        page.call_began()
        page.attempt_raised(0.5, f"shop.Error{number}")
        page.wait_ended(1.0)
        page.attempt_repeated(0.5, f"shop.Error{number}")
        page.attempt_ended(AttemptOutcome.ERROR, 0.5, f"shop.Error{number}")
        page.call_ended(Outcome.ATTEMPTS_EXHAUSTED, 3, 2.5, False)

    totals = journal.collect()

    assert totals[telemetry.ATTEMPT_FAILURES] == {
        **{("shop.fetch", f"shop.Error{number}"): 3 for number in range(telemetry.MAX_ERROR_TYPES)},
        ("shop.fetch", OTHER): 6,
    }
    assert totals[telemetry.LABEL_OVERFLOWS]["error.type",] == 6
    assert totals[telemetry.CALL_WAITING] == {("shop.fetch",): 0}


def test_one_entry_for_two_events_comes_to_the_same_as_two(journal: Journal) -> None:
    short, long = journal.page("shop.short"), journal.page("shop.long")
    for page in (short, long):
        page.call_began()
    short.attempt_raised(0.5, "OSError")
    long.attempt_ended(AttemptOutcome.ERROR, 0.5, "OSError")
    long.wait_began()
    asleep = journal.collect()
    for page in (short, long):
        page.wait_ended(2.0)
    short.attempt_repeated(0.25, "OSError")
    long.attempt_ended(AttemptOutcome.ERROR, 0.25, "OSError")
    long.wait_began()
    long.wait_ended(0.0)
    short.call_recovered(0.125, 3, 2.875)
    long.attempt_ended(AttemptOutcome.SUCCESS, 0.125, None)
    long.call_ended(Outcome.SUCCESS, 3, 2.875, False)

    def numbers(totals: Totals, operation: str) -> dict[telemetry.Metric, object]:
        return {
            metric: {labels[1:]: value for labels, value in series.items() if labels[0] == operation}
            for metric, series in totals.items()
        }

    over = journal.collect()
    assert numbers(asleep, "shop.short") == numbers(asleep, "shop.long")
    assert asleep[telemetry.CALL_WAITING]["shop.short",] == 1
    assert numbers(over, "shop.short") == numbers(over, "shop.long")
    assert over[telemetry.CALLS]["shop.short", Outcome.SUCCESS, True] == 1


def test_a_page_does_not_grow_long_by_calls_that_recover(journal: Journal) -> None:
    page = journal.page("shop.fetch")
    for _ in range(1000):
        page.call_began()
        page.attempt_repeated(0.5, "OSError")
        page.call_recovered(0.25, 2, 0.75)

    assert len(page.entries) < FOLD_AT
    assert journal.collect()[telemetry.CALLS]["shop.fetch", Outcome.SUCCESS, True] == 1000


def test_exporters_beyond_the_limit_are_counted_as_other(journal: Journal) -> None:
    for number in range(telemetry.MAX_EXPORTERS + 2):
        journal.exporter_known(f"exporter{number}")
    journal.exporter_failed("exporter0")
    journal.exporter_failed("exporter17")
    journal.exporter_failed("unknown")

    failures = journal.collect()[telemetry.EXPORTER_FAILURES]

    assert len(failures) == 17
    assert (failures["exporter0",], failures["exporter1",], failures[OTHER,]) == (1, 0, 2)


def test_a_forgetful_journal_knows_nothing(journal: Journal) -> None:
    journal.register("shop.fetch", 3)
    journal.exporter_failed("memory")
    call(journal, "shop.fetch")

    journal.forget()

    totals = journal.collect()
    assert {metric: series for metric, series in totals.items() if series} == {
        telemetry.LABEL_OVERFLOWS: {("retold.operation",): 0, ("error.type",): 0}
    }


def test_a_journal_that_starts_again_knows_its_operations_at_0(journal: Journal) -> None:
    journal.register("shop.fetch", 3)
    journal.exporter_failed("memory")
    call(journal, "shop.fetch")
    journal.collect()
    call(journal, "shop.fetch")

    journal.restart()

    totals = journal.collect()
    assert set(totals[telemetry.CALLS].values()) == set(totals[telemetry.EXPORTER_FAILURES].values()) == {0}
    assert totals[telemetry.MAX_ATTEMPTS] == {("shop.fetch",): 3}


def exemplar(value: float, time: float) -> Exemplar:
    return Exemplar(value, 0, 0, time)


def shown(journal: Journal) -> list[Exemplar]:
    found = distribution(journal.collect(), telemetry.CALL_DURATION, "shop.fetch", "success")
    return [each for each in found.exemplars if each is not None]


def test_a_bucket_shows_its_latest_exemplar_and_never_goes_back_in_time(journal: Journal) -> None:
    def show(*exemplars: Exemplar) -> None:
        for each in exemplars:
            journal.show("shop.fetch", telemetry.CALL_DURATION, "success", each)

    call(journal, "shop.fetch")
    show(exemplar(0.5, 10), exemplar(0.4, 12), exemplar(9.0, 5))
    assert shown(journal) == [exemplar(0.4, 12), exemplar(9.0, 5)]

    show(exemplar(0.45, 11), exemplar(9.5, 6))
    assert shown(journal) == [exemplar(0.4, 12), exemplar(9.5, 6)]


def test_an_exemplar_of_what_was_never_counted_is_dropped(journal: Journal) -> None:
    journal.show("unknown", telemetry.CALL_DURATION, "success", exemplar(0.5, 10))
    journal.register("shop.fetch")
    journal.show("shop.fetch", telemetry.CALL_DURATION, "success", exemplar(0.5, 10))

    assert journal.collect()[telemetry.CALL_DURATION] == {}


def test_an_exemplar_of_an_end_that_no_call_had_is_dropped(journal: Journal) -> None:
    call(journal, "shop.fetch")
    journal.show("shop.fetch", telemetry.CALL_DURATION, "cancelled", exemplar(0.5, 10))

    assert set(journal.collect()[telemetry.CALL_DURATION]) == {("shop.fetch", "success")}


def test_exemplars_do_not_pile_up_while_nobody_reads(journal: Journal) -> None:
    call(journal, "shop.fetch")

    for number in range(1000):
        journal.show("shop.fetch", telemetry.CALL_DURATION, "success", exemplar(0.5, number))

    assert len(journal.page("shop.fetch")._exemplars) == 1
    assert shown(journal) == [exemplar(0.5, 999)]

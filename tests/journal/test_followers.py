"""Followers are told of every change; an immediate one before the call that wrote it goes on."""

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from retold import AttemptOutcome, Outcome, telemetry
from retold.journal import Distribution, Follower, Journal, Labels
from retold.telemetry import Metric


class Mirror(Follower):
    """Adds up what it is told."""

    immediate = True

    def __init__(self) -> None:
        self.counters: Counter[tuple[Metric, Labels]] = Counter()
        self.gauges: dict[tuple[Metric, Labels], float] = {}
        self.values: dict[tuple[Metric, Labels], list[float]] = {}

    def counted(self, metric: Metric, labels: Labels, count: int) -> None:
        self.counters[metric, labels] += count

    def observed(self, metric: Metric, labels: Labels, values: Sequence[float]) -> None:
        self.values.setdefault((metric, labels), []).extend(values)

    def stands(self, metric: Metric, labels: Labels, value: float) -> None:
        self.gauges[metric, labels] = value


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def mirror(journal: Journal) -> Mirror:
    made = Mirror()
    journal.follow(made)
    return made


def calls(mirror: Mirror, operation: str, outcome: str, *, retried: bool) -> int:
    return mirror.counters[telemetry.CALLS, (operation, outcome, retried)]


def work(journal: Journal, operation: str) -> None:
    """A call that succeeds at once, and one that gives up with a fallback."""
    page = journal.page(operation)
    page.call_began()
    page.succeeded_at_once(0.5)
    page.call_began()
    page.attempt_raised(0.25, "OSError")
    page.wait_ended(2.0)
    page.attempt_ended(AttemptOutcome.REJECTED, 0.25, telemetry.REJECTED_RESULT_TYPE)
    page.wait_began()
    page.wait_ended(1.0)
    page.attempt_ended(AttemptOutcome.ERROR, 0.25, "OSError")
    page.call_ended(Outcome.ATTEMPTS_EXHAUSTED, 3, 4.0, True)


def test_what_a_follower_is_told_adds_up_to_the_totals(journal: Journal, mirror: Mirror) -> None:
    journal.register("shop.pay", 5)
    journal.exporter_known("memory")
    journal.exporter_failed("memory")
    for number in range(telemetry.MAX_OPERATIONS + 3):
        work(journal, f"shop.{number}")
    for number in range(telemetry.MAX_ERROR_TYPES + 3):
        page = journal.page("shop.1")
        page.call_began()
        page.attempt_ended(AttemptOutcome.ERROR, 0.25, f"shop.Error{number}")
        page.call_ended(Outcome.NOT_RETRYABLE, 1, 0.25, False)

    for metric, series in journal.collect().items():
        for labels, value in series.items():
            if isinstance(value, Distribution):
                values = mirror.values[metric, labels]
                assert (len(values), sum(values)) == (sum(value.counts), value.sum)
            elif metric.kind == "counter":
                assert mirror.counters.get((metric, labels)) == value
            else:
                assert mirror.gauges[metric, labels] == value


def test_an_immediate_follower_hears_of_an_entry_before_the_call_goes_on(journal: Journal) -> None:
    early = journal.page("shop.early")
    mirror = Mirror()
    journal.follow(mirror)
    for page in (early, journal.page("shop.late")):
        heard = []
        for write in (
            page.call_began,
            lambda page=page: page.attempt_raised(0.5, "OSError"),
            lambda page=page: page.wait_ended(2.0),
            lambda page=page: page.attempt_ended(AttemptOutcome.SUCCESS, 0.5, None),
            lambda page=page: page.call_ended(Outcome.SUCCESS, 2, 3.0, False),
        ):
            write()
            active, waiting = (
                mirror.gauges[metric, (page.operation,)] for metric in (telemetry.CALL_ACTIVE, telemetry.CALL_WAITING)
            )
            attempts = sum(mirror.counters[telemetry.ATTEMPTS, (page.operation, each)] for each in AttemptOutcome)
            heard.append((active, waiting, attempts, calls(mirror, page.operation, "success", retried=True)))

        assert heard == [(1, 0, 0, 0), (1, 1, 1, 0), (1, 0, 1, 0), (1, 0, 2, 0), (0, 0, 2, 1)]


def test_counters_come_to_be_at_0_and_gauges_as_they_stand(journal: Journal) -> None:
    work(journal, "shop.early")
    journal.page("shop.early").call_began()
    mirror = Mirror()
    journal.follow(mirror)
    journal.register("shop.late", 4)

    for operation in ("shop.early", "shop.late"):
        told = {key: count for key, count in mirror.counters.items() if key[1][0] == operation}
        assert set(told.values()) == {0}
        assert (telemetry.GIVE_UPS, (operation, "deadline_exceeded")) in told
    assert mirror.gauges[telemetry.CALL_ACTIVE, ("shop.early",)] == 1
    assert mirror.gauges[telemetry.CALL_ACTIVE, ("shop.late",)] == 0
    assert mirror.gauges[telemetry.MAX_ATTEMPTS, ("shop.late",)] == 4


def test_a_writer_does_not_wait_for_the_journal_which_catches_up_before_it_is_let_go(
    journal: Journal, mirror: Mirror
) -> None:
    page, other = journal.page("shop.fetch"), journal.page("shop.pay")

    def write() -> None:
        for each in (page, other):
            each.call_began()
            each.succeeded_at_once(0.5)

    with ThreadPoolExecutor(1) as pool, journal._held():
        pool.submit(write).result(timeout=10)
        assert calls(mirror, "shop.fetch", "success", retried=False) == 0

    for operation in ("shop.fetch", "shop.pay"):
        assert calls(mirror, operation, "success", retried=False) == 1


def test_a_call_that_ends_while_a_follower_is_told_is_told_after(journal: Journal) -> None:
    """As an abandoned one does, which the garbage collector ends wherever it runs."""

    class Abandoning(Mirror):
        def observed(self, metric: Metric, labels: Labels, values: Sequence[float]) -> None:
            super().observed(metric, labels, values)
            if abandoned:
                abandoned.pop()
                work(journal, "shop.abandoned")

    abandoned = [None]
    mirror = Abandoning()
    journal.follow(mirror)
    work(journal, "shop.fetch")

    for operation in ("shop.abandoned", "shop.fetch"):
        assert calls(mirror, operation, "success", retried=False) == 1
        assert calls(mirror, operation, "attempts_exhausted", retried=True) == 1


def test_nothing_is_left_untold_when_many_threads_have_ended(journal: Journal, mirror: Mirror) -> None:
    done = threading.Event()

    def register() -> None:
        while not done.is_set():
            journal.register("shop.pay", 3)
            journal.collect()

    def call(number: int) -> None:
        for _ in range(100):
            work(journal, f"shop.{number % 3}")

    holder = threading.Thread(target=register)
    holder.start()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(call, range(16)))
    done.set()
    holder.join()

    told = sum(count for (metric, _), count in mirror.counters.items() if metric is telemetry.CALLS)
    assert told == 16 * 200
    assert {mirror.gauges[telemetry.CALL_ACTIVE, (f"shop.{number}",)] for number in range(3)} == {0}


def test_a_follower_that_has_left_is_told_nothing(journal: Journal, mirror: Mirror) -> None:
    journal.leave(mirror)
    work(journal, "shop.fetch")
    journal.collect()

    assert calls(mirror, "shop.fetch", "success", retried=False) == 0

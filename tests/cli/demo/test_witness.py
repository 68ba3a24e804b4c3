"""What feeds the demo's live view: the numbers that `/metrics` has, and the retries as they happen."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import CollectorRegistry, generate_latest

import retold
import retold.testing
from retold.cli.demo.witness import Witness
from retold.cli.top.reading import Key, Kind
from retold.cli.top.scene import Happening, Mood
from retold.exporters.prometheus import Prometheus
from tests.cli.top.runs import call, reading


@pytest.fixture
def witness() -> Iterator[Witness]:
    """Told of calls beside the exporter `prometheus`; in the end both must have counted the same."""
    witness = Witness(["shop.fetch"])
    registry = CollectorRegistry()
    with retold.configure(exporters=[Prometheus(registry), witness]):
        yield witness
        scraped = reading(generate_latest(registry).decode())
    told = witness.reading()
    assert counts(told.counters) == pytest.approx(counts(scraped.counters))
    assert counts(told.gauges) == counts(scraped.gauges)


def counts(numbers: dict[Key, float]) -> dict[Key, float]:
    """What is not 0."""
    return {key: count for key, count in numbers.items() if count}


def test_counts_what_metrics_count(witness: Witness) -> None:
    for failures in (0, 1, 2, 3):
        call(failures)
    call(1, "shop.pay", ValueError)

    assert counts(witness.reading().counters)[Key(Kind.FAILURES, "shop.fetch", "OSError")] == 6


def test_an_operation_is_known_before_its_first_call(witness: Witness) -> None:
    assert {key.operation for key in witness.reading().counters} == {"shop.fetch"}


def test_retries_are_told_with_attempt_error_wait_and_reason(witness: Witness) -> None:
    call(3)

    assert [(each.subject, each.text, each.mood) for each in witness.happenings()] == [
        ("shop.fetch", "#1 OSError waits 2.00 s (backoff)", Mood.FAIR),
        ("shop.fetch", "#2 OSError waits 2.00 s (backoff)", Mood.FAIR),
        ("shop.fetch", "gave up: attempts_exhausted after 3 attempts", Mood.BAD),
    ]


def test_what_else_happens_is_among_them(witness: Witness) -> None:
    incident = Happening(0.0, "upstream", "an incident begins", is_rare=True)

    witness.tell(incident)

    assert witness.happenings() == (incident,)


def test_the_longest_wait_is_that_of_whoever_wakes_last(witness: Witness) -> None:
    asleep, wake = threading.Barrier(3), threading.Event()

    class Waiting(retold.testing.ManualClock):
        def sleep(self, seconds: float, /) -> None:
            asleep.wait(30)
            wake.wait(30)
            super().sleep(seconds)

    def fail_once(delay: float) -> None:
        left = [OSError()]

        def work() -> None:
            while left:
                raise left.pop()

        retold.Policy(on=OSError, backoff=delay, operation="shop.fetch", clock=Waiting()).call(work)

    before = witness.longest_wait()
    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(fail_once, delay) for delay in (500.0, 1000.0)]
        asleep.wait(30)
        longest, gauges = witness.longest_wait(), counts(witness.reading().gauges)
        wake.set()
        for each in calls:
            each.result()

    assert before is None
    assert longest is not None
    assert 500 < longest <= 1000
    assert gauges == {Key(Kind.ACTIVE, "shop.fetch"): 2, Key(Kind.WAITING, "shop.fetch"): 2}
    assert witness.longest_wait() is None


def test_a_storm_of_retries_does_not_sweep_it_away(witness: Witness) -> None:
    incident = Happening(0.0, "upstream", "an incident begins", is_rare=True)
    witness.tell(incident)

    for _ in range(200):
        call(3)

    assert witness.happenings()[0] == incident
    assert len(witness.happenings()) == 201

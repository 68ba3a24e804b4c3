"""However many names and types of errors there are, series and memory stay bounded, on both paths of metrics."""

import gc
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Histogram, InMemoryMetricReader
from opentelemetry.trace import NoOpTracerProvider
from prometheus_client import CollectorRegistry, generate_latest

import retold
from retold import AttemptEnded, CallEnded, Exporter, Policy, telemetry
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.telemetry import label_name
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk, metrics_of
from tests.forms import Failing
from tests.readings import Numbers, collected_by, scraped_from, sum_of

MANY = 10_000
ENOUGH = 1_000
"""By then every limit has been reached."""

LITTLE = 60_000
"""Bytes: less than 7 for each name beyond, which is no entry in any container."""

NAME = re.compile(r"[A-Za-z0-9_.:/<>-]{1,128}")


@dataclass
class Path:
    """One way that metrics take: how they are exported and read, and how many series there are."""

    exporter: Exporter
    read: Callable[[], Numbers]
    series: Callable[[], int]


def prometheus() -> Iterator[Path]:
    registry = CollectorRegistry()
    yield Path(
        Prometheus(registry),
        lambda: scraped_from(registry),
        lambda: len([line for line in generate_latest(registry).splitlines() if not line.startswith(b"#")]),
    )


def opentelemetry() -> Iterator[Path]:
    reader = InMemoryMetricReader()
    meters = MeterProvider([reader], shutdown_on_exit=False)

    def series() -> int:
        data = [metric.data for metric in metrics_of(reader).values()]
        return sum(
            len(each.data_points[0].bucket_counts) + 2 if isinstance(each, Histogram) else 1
            for each in data
            for _ in each.data_points
        )

    exporter = OpenTelemetry(tracer_provider=NoOpTracerProvider(), meter_provider=meters)
    yield Path(exporter, lambda: collected_by(reader), series)
    meters.shutdown()


@pytest.fixture(params=[prometheus, opentelemetry], ids=lambda path: path.__name__)
def path(request: pytest.FixtureRequest) -> Iterator[Path]:
    yield from request.param()


def allocated() -> int:
    """Bytes of all containers: whatever is kept by name is kept in one. Tracing would take ten times longer."""
    gc.collect()
    return sum(map(sys.getsizeof, gc.get_objects()))


def grown(work: Callable[[int], None], path: Path) -> tuple[int, int, Numbers]:
    """How many series and bytes there are more after `MANY` turns than after `ENOUGH`, and the numbers then."""
    with retold.configure(exporters=[path.exporter]):
        for turn in range(ENOUGH):
            work(turn)
        series, memory = path.series(), allocated()
        for turn in range(ENOUGH, MANY):
            work(turn)
            if turn % ENOUGH == 0:
                path.series()
        return path.series() - series, allocated() - memory, path.read()


def test_ten_thousand_operations_are_a_hundred_and_one(path: Path) -> None:
    def work(turn: int) -> None:
        policy = Policy(on=OSError, attempts=2, backoff=1, operation=f"shop.{turn}", clock=ManualClock(), fallback=None)
        policy.call(Failing(OSError))

    series, memory, numbers = grown(work, path)

    calls = {key[1] for key in numbers if key[0] == "retold.calls"}
    assert series == 0
    assert memory < LITTLE
    assert calls == {*(f"shop.{number}" for number in range(100)), "_OTHER"}
    assert sum_of(numbers, "retold.calls") == MANY
    assert sum_of(numbers, "retold.label.overflows", "retold.operation") == MANY - 100
    assert sum_of(numbers, "retold.retry.delay count") == MANY
    assert sum_of(numbers, "retold.calls", "_OTHER") == MANY - 100


def test_ten_thousand_decorated_functions_are_a_hundred_and_one(path: Path) -> None:
    def work(turn: int) -> None:
        @retold.retry(on=OSError, operation=f"shop.{turn}")
        def fetch() -> None: ...

        fetch()
        fetch()

    series, memory, numbers = grown(work, path)

    assert series == 0
    assert memory < LITTLE
    assert sum_of(numbers, "retold.label.overflows", "retold.operation") == 2 * (MANY - 100)
    assert sum_of(numbers, "retold.calls") == 2 * MANY


@pytest.mark.parametrize("by", ["type", "classifier"])
def test_ten_thousand_types_of_errors_are_sixteen(path: Path, by: str) -> None:
    policy = Policy(on=Exception, attempts=2, backoff=0, operation="shop.fetch")

    def work(turn: int) -> None:
        error = OSError(turn) if by == "classifier" else type(f"Error{turn}", (Exception,), {})()
        policy.call(Failing(error, "page"))

    with retold.configure(error_type=(lambda error: f"Error{error.args[0]}") if by == "classifier" else None):
        series, memory, numbers = grown(work, path)

    failures = {key[2]: value for key, value in numbers.items() if key[0] == "retold.attempt.failures"}
    assert series == 0
    assert memory < LITTLE
    assert len(failures) == telemetry.MAX_ERROR_TYPES + 1
    assert failures.pop("_OTHER") == MANY - telemetry.MAX_ERROR_TYPES
    assert set(failures.values()) == {1}
    assert sum_of(numbers, "retold.label.overflows", "error.type") == MANY - telemetry.MAX_ERROR_TYPES


def test_ten_thousand_exporters_that_fail_are_seventeen(path: Path) -> None:
    class Broken(Exporter):
        def call_ended(self, state: object, event: CallEnded) -> None:
            raise RuntimeError

    policy = Policy(on=OSError, operation="shop.fetch")
    for turn in range(100):
        broken = Broken()
        broken.name = f"broken{turn}"
        with retold.configure(exporters=[path.exporter, broken]):
            policy.call(Failing("page"))

    with retold.configure(exporters=[path.exporter]):
        failures = {key[1]: value for key, value in path.read().items() if key[0] == "retold.exporter.failures"}
    assert len(failures) == telemetry.MAX_EXPORTERS
    assert failures["_OTHER"] == 100 - (telemetry.MAX_EXPORTERS - 1)


@settings(max_examples=40)
@given(operation=st.text(min_size=1).filter(str.strip), kind=st.text().filter(lambda text: "\0" not in text))
def test_whatever_names_are_given_all_that_is_told_keeps_the_rules(operation: str, kind: str) -> None:
    memory, registry, sdk = MemoryExporter(), CollectorRegistry(), Sdk()
    error = type(kind.encode(errors="replace").decode(), (Exception,), {"__module__": operation})

    with retold.configure(exporters=[memory, Prometheus(registry), sdk.exporter(metrics=True)]):
        Policy(on=Exception, attempts=2, backoff=0, operation=operation).call(Failing(error(), "page"))
        scraped, collected = scraped_from(registry), collected_by(sdk.reader)
    sdk.close()

    names = {event.operation for event in memory.events}
    types = {event.error_type for event in memory.events if isinstance(event, AttemptEnded) and event.error_type}
    spans = {str((span.attributes or {})["retold.operation"]) for span in sdk.spans}
    assert names == spans
    assert all(NAME.fullmatch(name) for name in (*names, *types))
    for numbers in (scraped, collected):
        labels = {key[1] for key in numbers if key[0] == "retold.calls"}
        assert names <= labels
        assert types <= {key[2] for key in numbers if key[0] == "retold.attempt.failures"}
    assert all(NAME.fullmatch(label) for key in scraped for label in key[1:])
    assert label_name("error.type") == "error_type"

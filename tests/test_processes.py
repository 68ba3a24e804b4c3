"""Forks, spawned processes and thread pools: every call is counted once, by the process in which it ends."""

import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import Histogram, MeterProvider, ObservableCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NoOpTracerProvider
from prometheus_client import CollectorRegistry

import retold
from retold import Policy
from retold.exporters._instruments import _forget
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock
from tests.forms import Failing
from tests.journal.test_fork import in_child
from tests.readings import collected_by, scraped_from, without_limits
from tests.services.otlp import OtlpSink
from tests.work import calls_of_one_process

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

CUMULATIVE, DELTA = AggregationTemporality.CUMULATIVE, AggregationTemporality.DELTA

ONE_CALL = {
    "retold.calls shop.fetch success true": 1,
    "retold.call.duration count shop.fetch success": 1,
    "retold.call.attempts count shop.fetch success": 1,
    "retold.attempts shop.fetch error": 1,
    "retold.attempts shop.fetch success": 1,
    "retold.attempt.duration count shop.fetch error": 1,
    "retold.attempt.duration count shop.fetch success": 1,
    "retold.attempt.failures shop.fetch OSError": 1,
    "retold.retry.delay count shop.fetch": 1,
}


@pytest.fixture(params=[CUMULATIVE, DELTA], ids=["cumulative", "delta"])
def reader(request: pytest.FixtureRequest) -> Iterator[InMemoryMetricReader]:
    """A reader of an SDK that our metrics go to."""
    preferred: dict[type, AggregationTemporality] = {ObservableCounter: request.param, Histogram: request.param}
    made = InMemoryMetricReader(preferred_temporality=preferred)
    meters = MeterProvider([made], shutdown_on_exit=False)
    exporter = OpenTelemetry(tracer_provider=NoOpTracerProvider(), meter_provider=meters)
    with retold.configure(exporters=[exporter]):
        yield made
    meters.shutdown()


def fetch() -> None:
    Policy(on=OSError, backoff=1, operation="shop.fetch", clock=ManualClock()).call(Failing(OSError, "page"))


def numbers(reader: InMemoryMetricReader) -> dict[str, float]:
    """The numbers that are not 0, without sums of seconds, with flat names."""
    told = without_limits(collected_by(reader))
    return {" ".join(key): value for key, value in told.items() if " sum" not in key[0]}


@needs_fork
@pytest.mark.parametrize("collected", [True, False])
def test_a_child_starts_from_zero_on_opentelemetry_s_path(reader: InMemoryMetricReader, *, collected: bool) -> None:
    fetch()
    if collected:
        assert numbers(reader) == ONE_CALL

    def work() -> list[dict[str, float]]:
        at_birth = numbers(reader)
        fetch()
        return [at_birth, numbers(reader)]

    at_birth, later = in_child(work)
    fetch()

    assert at_birth == {}
    assert later == ONE_CALL
    assert set(numbers(reader)) == set(ONE_CALL)


@needs_fork
def test_a_call_in_mid_flight_is_counted_by_each_process_in_which_it_ends(reader: InMemoryMetricReader) -> None:
    pipe, writer = os.pipe()
    processes: list[int] = []

    def fork() -> None:
        processes.append(os.fork())
        raise OSError

    Policy(on=OSError, attempts=1, operation="shop.fork", fallback=None).call(fork)
    told = numbers(reader)
    if processes == [0]:
        try:
            os.write(writer, json.dumps(told).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(pipe, "rb") as answer:
        in_the_child = json.loads(answer.read())
    os.waitpid(processes[0], 0)

    for each in (told, in_the_child):
        assert each["retold.calls shop.fork attempts_exhausted false"] == 1
        assert each["retold.call.duration count shop.fork attempts_exhausted"] == 1
        assert each["retold.fallbacks shop.fork"] == 1
        assert "retold.call.active shop.fork" not in each


def test_what_keeps_its_sums_elsewhere_is_left_alone() -> None:
    _forget(object())


@needs_fork
def test_spans_go_on_after_a_fork_and_none_is_sent_twice(otlp_sink: OtlpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{otlp_sink.http_endpoint}/v1/traces")))

    with retold.configure(exporters=[OpenTelemetry(tracer_provider=tracers, metrics=False)]):
        fetch()  # its spans wait in the parent's queue while it forks

        def work() -> bool:
            fetch()
            return tracers.force_flush()

        flushed = in_child(work)
        fetch()
        tracers.force_flush()
    tracers.shutdown()

    assert flushed is True
    assert Counter(span.name for span in otlp_sink.spans()) == {"shop.fetch": 3, "attempt shop.fetch": 6}
    assert len({span.span_id for span in otlp_sink.spans()}) == 9


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_each_process_of_a_pool_counts_its_own_calls(method: str) -> None:
    counts = [3, 5, 2, 4]

    with multiprocessing.get_context(method).Pool(2, maxtasksperchild=1) as pool:
        told = pool.map(calls_of_one_process, counts, chunksize=1)
        # Leaving `with` terminates processes, also one that has just been started and holds the lock of their queue.
        pool.close()
        pool.join()

    assert len({process for process, _ in told} | {os.getpid()}) == len(counts) + 1
    assert [each["retold.calls shop.fetch success true"] for _, each in told] == counts
    assert [each["retold.attempts shop.fetch error"] for _, each in told] == counts


def test_a_thread_pool_counts_every_call_once() -> None:
    registry = CollectorRegistry()
    policy = Policy(on=OSError, attempts=3, backoff=0, operation="shop.fetch")

    with retold.configure(exporters=[Prometheus(registry)]), ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: policy.call(Failing(OSError, "page")), range(500)))
        told = scraped_from(registry)

    assert pages == ["page"] * 500
    assert told["retold.calls", "shop.fetch", "success", "true"] == 500
    assert told["retold.attempts", "shop.fetch", "error"] == 500
    assert ("retold.call.active", "shop.fetch") not in told

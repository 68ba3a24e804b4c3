"""Metrics on: what counting costs while calls run, and what reading the counts costs."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, Counter, generate_latest

import retold
from benchmarks import backends, ours
from benchmarks.contest import Contest, Row
from benchmarks.instrumented import StockOpenTelemetry, StockPrometheus, counting, journaling
from benchmarks.peers import redress_plain, stamina
from benchmarks.stock import same_series
from benchmarks.subjects import Function, Unavailable, always_fails, fails_twice, returns
from retold.exporters.opentelemetry import OpenTelemetry

_STOCK = "Counter.inc + Histogram.observe"
_STOCK_OTEL = "counter.add + histogram.record"
_OPERATIONS = 100
_CALLS = 2000


def _prometheus_success(contest: Contest) -> None:
    _prometheus(contest, lambda: returns)


def _prometheus_fail_twice(contest: Contest) -> None:
    _prometheus(contest, fails_twice)


def _prometheus(contest: Contest, subject: Callable[[], Function]) -> None:
    backends.prometheus()
    contest.time(_STOCK, "f(1)", f=counting(subject(), StockPrometheus()))
    contest.time("floor: journal", "f(1)", f=journaling(subject()))
    contest.time("retold", "f(1)", f=ours.plain()(subject()))
    # stamina counts retries, and nothing of a call that succeeds at once; redress counts events.
    for peer in contest.peers("redress", "stamina"):
        if peer.name == "stamina":
            decorate = peer.plain(0.0)
            stamina(prometheus=True)
        else:
            decorate = redress_plain(on_metric=_redress_hook())
        contest.time(peer.name, "f(1)", f=decorate(subject()))


def _redress_hook() -> Callable[..., None]:
    """A counter of events. The hook that comes with redress cannot be used: its labels differ from event to event."""
    events = Counter("events", "Events.", ("event", "class", "operation"), registry=CollectorRegistry())

    def on_metric(event: str, attempt: int, sleep_s: float, tags: dict[str, str]) -> None:
        events.labels(event, tags.get("class", ""), tags.get("operation", "")).inc()

    return on_metric


def _otel_metrics(contest: Contest) -> None:
    provider, _ = backends.meters()
    stock, _ = backends.meters()
    retold.configure(exporters=[OpenTelemetry(meter_provider=provider, metrics=True)])
    contest.time(_STOCK_OTEL, "f(1)", f=counting(returns, StockOpenTelemetry(stock)))
    contest.time("floor: journal", "f(1)", f=journaling(returns))
    contest.time("retold", "f(1)", f=ours.plain()(returns))


def _otel_collection(contest: Contest) -> None:
    provider, reader = backends.meters()
    stock, stock_reader = backends.meters()
    retold.configure(exporters=[OpenTelemetry(meter_provider=provider, metrics=True)])
    by_hand, function = counting(returns, StockOpenTelemetry(stock)), ours.plain()(returns)
    contest.time(_STOCK_OTEL, "f(1)", f=by_hand)
    contest.add("its collection", lambda: _collect(stock_reader, by_hand))
    contest.add("retold", lambda: _collect(reader, function))


def _collect(reader: InMemoryMetricReader, function: Function) -> float:
    """Seconds of a collection, by the calls since the one before."""
    for _ in range(_CALLS):
        function(1)
    began = perf_counter()
    reader.get_metrics_data()
    return (perf_counter() - began) / _CALLS


def _scrape(contest: Contest) -> None:
    registry = backends.prometheus()
    for number in range(_OPERATIONS):
        _use(f"shop.operation_{number}")
    stock = same_series(registry)
    contest.time("stock metrics", "scrape(registry)", copies=1, scrape=generate_latest, registry=stock)
    contest.time("retold", "scrape(registry)", copies=1, scrape=generate_latest, registry=registry)


def _use(operation: str) -> None:
    """Call an operation in every way that makes series."""
    policy = ours.plain().replace(operation=operation)
    policy(returns)(1)
    policy(fails_twice())(1)
    try:
        policy(always_fails)(1)
    except Unavailable:
        return


ROWS = (
    Row(
        name="prometheus-success",
        what="Prometheus on, success at once: count and histogram",
        unit=_STOCK,
        goal=0.25,
        enter=_prometheus_success,
    ),
    Row(
        name="prometheus-fail-twice",
        what="Prometheus on, fail twice, then succeed",
        unit=_STOCK,
        goal=0.6,
        enter=_prometheus_fail_twice,
    ),
    Row(
        name="otel-metrics",
        what="OpenTelemetry metrics on, success at once: what the call pays",
        unit=_STOCK_OTEL,
        goal=0.05,
        enter=_otel_metrics,
    ),
    Row(
        name="otel-metrics-collection",
        what=f"OpenTelemetry metrics on: a collection after {_CALLS} calls, for each of them",
        unit=_STOCK_OTEL,
        goal=None,
        enter=_otel_collection,
        rounds=10,
    ),
    Row(
        name="scrape",
        what=f"a scrape of {_OPERATIONS} operations",
        unit="stock metrics",
        goal=0.75,
        enter=_scrape,
        rounds=6,
    ),
)

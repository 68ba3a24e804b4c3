"""Everything on at once, beside a tenacity that tells nothing."""

from __future__ import annotations

import logging
from typing import Any

from opentelemetry.trace import Tracer
from prometheus_client import CollectorRegistry

import retold
from benchmarks import backends, ours
from benchmarks.contest import Contest, Row
from benchmarks.instrumented import StockPrometheus, counting, counting_and_tracing, journaling_and_tracing, tracing
from benchmarks.subjects import returns
from retold.exporters.logging import Logging
from retold.exporters.prometheus import Prometheus

_UNIT = "tenacity, telling nothing"


def _both_spans(contest: Contest) -> None:
    tracer = _everything(contest)
    contest.time("by hand", "f(1)", f=counting_and_tracing(returns, StockPrometheus(), tracer))
    contest.time("floor: journal and the same spans", "f(1)", f=journaling_and_tracing(returns, tracer, attempts=True))
    contest.time("retold", "f(1)", f=ours.plain()(returns))


def _one_span(contest: Contest) -> None:
    tracer = _everything(contest, attempt_spans="off")
    contest.time("by hand", "f(1)", f=tracing(counting(returns, StockPrometheus()), tracer))
    contest.time("floor: journal and the same span", "f(1)", f=journaling_and_tracing(returns, tracer, attempts=False))
    contest.time("retold", "f(1)", f=ours.plain()(returns))


def _everything(contest: Contest, **options: Any) -> Tracer:
    """Turn everything on, and add the unit."""
    logger = logging.getLogger("retold")
    logger.setLevel(logging.INFO)
    logger.addHandler(logging.NullHandler())
    provider = backends.tracers()
    retold.configure(exporters=[Prometheus(CollectorRegistry()), backends.spans(provider, **options), Logging()])
    contest.time(_UNIT, "f(1)", f=contest.need("tenacity").plain(0.0)(returns))
    return provider.get_tracer("benchmarks")


ROWS = (
    Row(
        name="everything",
        what="metrics, spans of call and attempt, and logs, success at once",
        unit=_UNIT,
        goal=1.8,
        enter=_both_spans,
    ),
    Row(
        name="everything-one-span",
        what="metrics, one span (attempt_spans='off') and logs, success at once",
        unit=_UNIT,
        goal=1.0,
        enter=_one_span,
    ),
)

"""Spans on, by the real SDK: the unit is `start_as_current_span` around each attempt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import retold
from benchmarks import backends, floors, ours
from benchmarks.contest import Contest, Row
from benchmarks.instrumented import tracing, tracing_all, tracing_lean, tracing_sampled
from benchmarks.subjects import Function, fails_twice, returns

_STOCK = "start_as_current_span"


def _success(contest: Contest) -> None:
    _spans(contest, lambda: returns)


def _success_one(contest: Contest) -> None:
    _spans(contest, lambda: returns, attempt_spans="off")


def _fail_twice(contest: Contest) -> None:
    _spans(contest, fails_twice)


def _unsampled(contest: Contest) -> None:
    backends.enter_unsampled_parent()
    provider = backends.tracers()
    retold.configure(exporters=[backends.spans(provider)])
    tracer = provider.get_tracer("benchmarks")
    contest.time(_STOCK, "f(1)", f=tracing(returns, tracer))
    contest.time("floor: a look at the parent", "f(1)", f=tracing_sampled(returns, tracer))
    contest.time("retold", "f(1)", f=ours.plain()(returns))


def _spans(contest: Contest, subject: Callable[[], Function], **options: Any) -> None:
    provider = backends.tracers()
    retold.configure(exporters=[backends.spans(provider, **options)])
    tracer = provider.get_tracer("benchmarks")
    contest.time(_STOCK, "f(1)", f=tracing(subject(), tracer))
    contest.time("by hand: a lean attempt span", "f(1)", f=tracing_lean(subject(), tracer))
    attempts = options.get("attempt_spans") != "off"
    contest.time("floor: the same spans, by hand", "f(1)", f=tracing_all(subject(), tracer, attempts=attempts))
    contest.time("retold", "f(1)", f=ours.plain()(subject()))


def _on_retry(contest: Contest) -> None:
    retold.configure(exporters=[backends.spans(backends.tracers(), attempt_spans="on_retry")])
    contest.time("closure", "f(1)", f=floors.closure(returns))
    contest.time("floor: exact wrapper and a clock", "f(1)", f=floors.exact_timeout(returns))
    contest.time("retold", "f(1)", f=ours.plain()(returns))


ROWS = (
    Row(
        name="spans-success",
        what="recorded spans of the call and its attempt, success at once",
        unit=_STOCK,
        goal=1.8,
        enter=_success,
    ),
    Row(
        name="spans-success-one",
        what="one recorded span (attempt_spans='off'), success at once",
        unit=_STOCK,
        goal=0.85,
        enter=_success_one,
    ),
    Row(
        name="spans-fail-twice",
        what="recorded spans of the call and its attempts, fail twice, then succeed",
        unit=_STOCK,
        goal=0.35,
        enter=_fail_twice,
    ),
    Row(
        name="spans-unsampled",
        what="below a parent that is not sampled, success at once",
        unit=_STOCK,
        goal=0.08,
        enter=_unsampled,
    ),
    Row(
        name="spans-on-retry",
        what="attempt_spans='on_retry', success at once",
        unit="closure",
        goal=1.5,
        enter=_on_retry,
    ),
)

"""Hand-written telemetry: what the rows with exporters are measured in, and their floors."""

from __future__ import annotations

import threading
from bisect import bisect_left
from contextlib import AbstractContextManager
from time import perf_counter
from typing import Protocol

from opentelemetry import context as context_api
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, StatusCode, Tracer, get_current_span, set_span_in_context
from opentelemetry.util.types import Attributes, AttributeValue
from prometheus_client import CollectorRegistry, Counter, Histogram

from benchmarks.subjects import ATTEMPTS, Function, Unavailable

_OPERATION = "benchmarks.fetch"
_LABELS = ("operation", "outcome")
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_FOLD_AT = 64


class Instruments(Protocol):
    """Records one run of the function."""

    def succeeded(self, seconds: float, /) -> None:
        """It returned."""
        ...

    def failed(self, seconds: float, /) -> None:
        """It raised."""
        ...


class StockPrometheus:
    """A counter and a histogram of `prometheus_client`, with their labels bound beforehand."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        counter = Counter("attempts", "Attempts.", _LABELS, registry=registry)
        histogram = Histogram("duration_seconds", "Durations.", _LABELS, registry=registry, buckets=_BUCKETS)
        self._successes, self._failures = (counter.labels(_OPERATION, each) for each in ("success", "error"))
        self._quick, self._slow = (histogram.labels(_OPERATION, each) for each in ("success", "error"))

    def succeeded(self, seconds: float, /) -> None:
        self._successes.inc()
        self._quick.observe(seconds)

    def failed(self, seconds: float, /) -> None:
        self._failures.inc()
        self._slow.observe(seconds)


class StockOpenTelemetry:
    """A counter and a histogram of OpenTelemetry, with their attributes made beforehand."""

    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter("benchmarks")
        self._counter = meter.create_counter("attempts")
        self._histogram = meter.create_histogram("duration", "s")
        self._success, self._error = ({"operation": _OPERATION, "outcome": each} for each in ("success", "error"))

    def succeeded(self, seconds: float, /) -> None:
        self._counter.add(1, self._success)
        self._histogram.record(seconds, self._success)

    def failed(self, seconds: float, /) -> None:
        self._counter.add(1, self._error)
        self._histogram.record(seconds, self._error)


def counting(fn: Function, instruments: Instruments) -> Function:
    """The obvious retry decorator, with every attempt counted and timed."""
    succeeded, failed = instruments.succeeded, instruments.failed

    def call(*args: object, **kwargs: object) -> object:
        for attempt in range(ATTEMPTS):
            began = perf_counter()
            try:
                result = fn(*args, **kwargs)
            except Unavailable:
                failed(perf_counter() - began)
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                succeeded(perf_counter() - began)
                return result
        return None

    return call


class Journal:
    """Durations kept in lists and put into buckets later, many at once."""

    def __init__(self) -> None:
        self.successes: list[float] = []
        self.failures: list[float] = []
        self._counts = {"success": [0] * (len(_BUCKETS) + 1), "error": [0] * (len(_BUCKETS) + 1)}
        self._sums = {"success": 0.0, "error": 0.0}
        self._lock = threading.Lock()

    def fold(self) -> None:
        """Empty the lists into the buckets, unless somebody else is at it."""
        if self._lock.acquire(blocking=False):
            try:
                self._fold("success", self.successes)
                self._fold("error", self.failures)
            finally:
                self._lock.release()

    def _fold(self, outcome: str, written: list[float]) -> None:
        durations = written[:]
        del written[: len(durations)]
        durations.sort()
        self._sums[outcome] += sum(durations)
        counts, start = self._counts[outcome], 0
        for index, bound in enumerate(_BUCKETS):
            end = bisect_left(durations, bound, start)
            counts[index] += end - start
            if end == len(durations):
                return
            start = end
        counts[-1] += len(durations) - start


def journaling(fn: Function) -> Function:
    """The floor of metrics: every attempt is written to a journal, and only a failure leads to a loop."""
    journal = Journal()
    successes, failures, fold = journal.successes, journal.failures, journal.fold
    succeeded, failed = successes.append, failures.append

    def call(x: object) -> object:
        began = perf_counter()
        try:
            result = fn(x)
        except Unavailable:
            failed(perf_counter() - began)
        else:
            succeeded(perf_counter() - began)
            if len(successes) >= _FOLD_AT:
                fold()
            return result
        return again(x)

    def again(x: object) -> object:
        for attempt in range(1, ATTEMPTS):
            began = perf_counter()
            try:
                result = fn(x)
            except Unavailable:
                failed(perf_counter() - began)
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                succeeded(perf_counter() - began)
                return result
        return None

    return call


def tracing(fn: Function, tracer: Tracer) -> Function:
    """The obvious retry decorator, with a span around every attempt."""

    def call(*args: object, **kwargs: object) -> object:
        for attempt in range(ATTEMPTS):
            try:
                with _span(tracer, attempt):
                    return fn(*args, **kwargs)
            except Unavailable:
                if attempt == ATTEMPTS - 1:
                    raise
        return None

    return call


def _span(tracer: Tracer, attempt: int) -> AbstractContextManager[Span]:
    attributes: dict[str, str | int] = {"operation": _OPERATION, "number": attempt + 1}
    return tracer.start_as_current_span(f"attempt {_OPERATION}", attributes=attributes)


def tracing_lean(fn: Function, tracer: Tracer) -> Function:
    """The floor of spans: one for each attempt, by hand and without a stack trace."""
    name = f"attempt {_OPERATION}"

    def call(x: object) -> object:
        for attempt in range(ATTEMPTS):
            span = tracer.start_span(name, attributes={"operation": _OPERATION, "number": attempt + 1})
            token = context_api.attach(set_span_in_context(span))
            try:
                return fn(x)
            except Unavailable as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(StatusCode.ERROR)
                if attempt == ATTEMPTS - 1:
                    raise
            finally:
                context_api.detach(token)
                span.end()
        return None

    return call


def tracing_all(fn: Function, tracer: Tracer, *, attempts: bool) -> Function:
    """The floor of what Retold tells: a span of the call and, if wanted, of each attempt, with all attributes."""
    name = f"attempt {_OPERATION}"
    policy: Attributes = {"operation": _OPERATION, "function": _OPERATION, "max_attempts": ATTEMPTS}

    def call(x: object) -> object:
        spanned = tracer.start_span(_OPERATION, attributes=policy)
        context = set_span_in_context(spanned)
        token = context_api.attach(context)
        try:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    result = run(x, attempt, context) if attempts else fn(x)
                except Unavailable as error:
                    if attempt == ATTEMPTS:
                        spanned.set_attributes(_ended("attempts_exhausted", attempt))
                        spanned.set_attribute("error.type", _type_of(error))
                        spanned.set_status(StatusCode.ERROR)
                        raise
                else:
                    spanned.set_attributes(_ended("success", attempt))
                    return result
        finally:
            context_api.detach(token)
            spanned.end()
        return None

    def run(x: object, attempt: int, context: Context) -> object:
        span = tracer.start_span(name, context, attributes={"operation": _OPERATION, "number": attempt})
        token = context_api.attach(set_span_in_context(span, context))
        try:
            result = fn(x)
        except Unavailable as error:
            failed: dict[str, AttributeValue] = {
                "outcome": "error",
                "error.type": _type_of(error),
                "delay": 0.0,
                "source": "backoff",
            }
            span.set_attributes(failed)
            span.set_status(StatusCode.ERROR)
            raise
        else:
            span.set_attribute("outcome", "success")
            return result
        finally:
            context_api.detach(token)
            span.end()

    return call


def _failed(error: Exception) -> dict[str, AttributeValue]:
    return {"outcome": "error", "error.type": _type_of(error), "delay": 0.0, "source": "backoff"}


def _ended(outcome: str, attempts: int) -> dict[str, AttributeValue]:
    return {"outcome": outcome, "retried": attempts > 1, "count": attempts, "delay": 0.0, "fallback": False}


def _type_of(error: Exception) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def tracing_sampled(fn: Function, tracer: Tracer) -> Function:
    """The floor below an unsampled parent: a look at the parent, and no span."""
    traced = tracing_lean(fn, tracer)

    def call(x: object) -> object:
        if get_current_span().is_recording():
            return traced(x)
        try:
            return fn(x)
        except Unavailable:
            return traced(x)

    return call


def counting_and_tracing(fn: Function, instruments: Instruments, tracer: Tracer) -> Function:
    """By hand: a span for the call, one for each attempt, and every attempt counted and timed."""
    traced = tracing(counting(fn, instruments), tracer)

    def call(*args: object, **kwargs: object) -> object:
        with tracer.start_as_current_span(_OPERATION, attributes={"operation": _OPERATION}):
            return traced(*args, **kwargs)

    return call


def journaling_and_tracing(fn: Function, tracer: Tracer, *, attempts: bool) -> Function:
    """The floor of all: spans around a journal."""
    return tracing_all(journaling(fn), tracer, attempts=attempts)

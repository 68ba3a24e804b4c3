"""Whatever raises inside of an exporter, and wherever: the call is what it would be without, and it is counted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, NoReturn, TypeAlias

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler

import retold
from retold import Exporter, Policy
from retold.exporters.console import Console
from retold.exporters.logging import Logging
from retold.exporters.memory import Memory
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.structlog import Structlog
from retold.journal import JOURNAL
from retold.runners.audience import name_of
from retold.telemetry import EVENT_EXPORTER_FAILED, EXPORTER_FAILURES
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form
from tests.plans import Interrupt

Told: TypeAlias = tuple[object, list[float], int]


def refuse(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("card 4111")


@contextmanager
def spans(sampler: Sampler | None = None, **raising: Callable[..., NoReturn]) -> Iterator[Exporter]:
    """Spans of an SDK in which a span processor raises."""
    tracers = TracerProvider(sampler=sampler or ALWAYS_ON, shutdown_on_exit=False)
    processor = SpanProcessor()
    for name, method in raising.items():
        setattr(processor, name, method)
    tracers.add_span_processor(processor)
    yield OpenTelemetry(tracer_provider=tracers, metrics=False)


@contextmanager
def a_sampler() -> Iterator[Exporter]:
    sampler = ParentBased(ALWAYS_ON)
    sampler.should_sample = refuse  # type: ignore[method-assign]
    with spans(sampler) as exporter:
        yield exporter


@contextmanager
def a_provider() -> Iterator[Exporter]:
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.get_tracer = refuse  # type: ignore[method-assign]
    yield OpenTelemetry(tracer_provider=tracers, metrics=False)


@contextmanager
def a_log_handler() -> Iterator[Exporter]:
    class Refusing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() != EVENT_EXPORTER_FAILED:
                refuse()

    logger, handler = logging.getLogger("retold"), Refusing()
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield Logging()
    logger.removeHandler(handler)
    logger.setLevel(level)


@contextmanager
def a_processor_of_structlog() -> Iterator[Exporter]:
    structlog.configure(processors=[refuse])
    yield Structlog()
    structlog.reset_defaults()


@contextmanager
def a_stream() -> Iterator[Exporter]:
    class Closed:
        write = staticmethod(refuse)

    yield Console(Closed())  # type: ignore[arg-type]


def late(exporter: type[Exporter], method: str) -> Callable[[], Any]:
    """An exporter that does what it has to, and then raises."""

    def then_refuse(self: Exporter, *args: object) -> NoReturn:
        getattr(exporter, method)(self, *args)
        refuse()

    return lambda: nullcontext(type("Late", (exporter,), {method: then_refuse})())


LATE = [
    (kind, method)
    for kind in (Memory, Logging)
    for method in ("call_started", "attempt_started", "attempt_ended", "retry_scheduled", "call_ended", "is_awake")
]
POINTS: dict[str, Callable[[], Any]] = {
    "a span starts": lambda: spans(on_start=refuse),
    "a span is about to end": lambda: spans(_on_ending=refuse),
    "a span ends": lambda: spans(on_end=refuse),
    "a sampler": a_sampler,
    "a tracer provider": a_provider,
    "a log handler": a_log_handler,
    "a processor of structlog": a_processor_of_structlog,
    "a stream": a_stream,
    **{f"{kind.__name__}, after {method}": late(kind, method) for kind, method in LATE},
}


def scenario(form: Form) -> list[Told]:
    """Calls that end in every way: what each gave or raised, its waits, and how often its function ran."""
    told: list[Told] = []
    errors: list[BaseException] = [OSError("down"), ValueError("no"), Interrupt()]
    gives_up, fails, is_interrupted = errors
    for turns in (("page",), (OSError, "page"), (gives_up,), (fails,), (OSError, is_interrupted), ("", "page")):
        clock, work = ManualClock(), Failing(*turns)
        policy = Policy(on=OSError, on_result=lambda page: page == "", backoff=0.5, operation="shop.fetch", clock=clock)
        ending: object
        try:
            ending = form.perform(policy, work)
        except (OSError, ValueError, Interrupt) as raised:
            which = [raised is error for error in errors].index(True)
            ending = which, raised.__cause__, raised.__context__, getattr(raised, "__notes__", [])
        told.append((ending, clock.waits, work.runs))
    return told


@pytest.mark.parametrize("point", POINTS)
def test_what_raises_in_an_exporter_changes_no_call(point: str, form: Form, caplog: pytest.LogCaptureFixture) -> None:
    without = scenario(form)
    witness = MemoryExporter()

    with POINTS[point]() as exporter, retold.configure(exporters=[exporter, witness]):
        told = scenario(form)

    failures = JOURNAL.collect()[EXPORTER_FAILURES]
    assert told == without
    assert len(witness.calls) == len(told)
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert failures[name_of(exporter),] != 0
    lines = [record for record in caplog.records if record.getMessage() == EVENT_EXPORTER_FAILED]
    assert [vars(line)["retold.exporter"] for line in lines] == [name_of(exporter)]
    assert "card 4111" not in str([vars(line) for line in lines])

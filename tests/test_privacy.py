"""A secret that passes through calls in every way, and is nowhere in what is told at default settings."""

import contextlib
import functools
import io
import json
import logging
import warnings
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

import retold
from retold import Abort, CallEnded, Exporter, Outcome, Policy, RetryAgain
from retold.exporters.console import Console
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock
from tests.budgets import spent
from tests.forms import FORMS, Failing, Form
from tests.services.otlp import OtlpSink

SECRET = "c4n4ry"


class Interrupt(BaseException):
    """No failure, but it carries what was in its way."""


class Leaking(Exception):
    """Shows the secret wherever an exception can show something."""

    def __init__(self, *_: object) -> None:
        super().__init__(f"cannot log in with {SECRET}", SECRET)
        self.password = SECRET
        self.add_note(f"the password was {SECRET}")
        self.__cause__ = ValueError(SECRET)

    def __str__(self) -> str:
        return SECRET

    __repr__ = __str__


class Broken(Exporter):
    """Raises the secret."""

    name = "broken"

    def call_ended(self, state: object, event: CallEnded) -> None:
        raise Leaking


class Everything(logging.Handler):
    """Writes down all that there is on a record."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {vars(record)}")


class Told:
    """Every backend at its default settings, and all that has arrived there."""

    def __init__(self, sink: OtlpSink) -> None:
        self.sink = sink
        self.finished = InMemorySpanExporter()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.finished))
        self.tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{sink.http_endpoint}/v1/traces")))
        self.reader = InMemoryMetricReader()
        metrics = PeriodicExportingMetricReader(OTLPMetricExporter(f"{sink.http_endpoint}/v1/metrics"))
        self.meters = MeterProvider([self.reader, metrics], shutdown_on_exit=False)
        self.registry = CollectorRegistry()
        self.screen = io.StringIO()
        self.records = Everything()
        self.lines: list[dict[str, Any]] = []
        self.warnings: list[warnings.WarningMessage] = []

    def exporters(self) -> list[str | Exporter]:
        otel = OpenTelemetry(metrics=True, tracer_provider=self.tracers, meter_provider=self.meters)
        return [otel, Prometheus(self.registry), "logging", "structlog", Console(self.screen), Broken()]

    def keep(self, logger: object, level: str, event: MutableMapping[str, Any]) -> str:
        self.lines.append(dict(event))
        raise structlog.DropEvent

    def everything(self) -> dict[str, str]:
        """All of it as text, by where it arrived."""
        self.tracers.force_flush()
        self.meters.force_flush()
        data = self.reader.get_metrics_data()
        assert data is not None
        return {
            "spans": "".join(span.to_json() for span in self.finished.get_finished_spans()),
            "OTLP": self.sink.requests_raw().decode(errors="replace"),
            "metrics": data.to_json(),
            "Prometheus": generate_latest(self.registry).decode(),  # type: ignore[no-untyped-call]
            "logging": "\n".join(self.records.lines),
            "structlog": json.dumps(self.lines, default=repr),
            "console": self.screen.getvalue(),
            "warnings": "\n".join(str(each.message) for each in self.warnings),
        }

    def close(self) -> None:
        self.tracers.shutdown()
        self.meters.shutdown()


@pytest.fixture
def told(otlp_sink: OtlpSink, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = Told(otlp_sink)
    logger = logging.getLogger("retold")
    logger.addHandler(made.records)
    logger.setLevel(logging.DEBUG)
    structlog.configure(processors=[made.keep], cache_logger_on_first_use=False)
    with warnings.catch_warnings(record=True, action="always") as made.warnings:
        with retold.configure(exporters=made.exporters(), error_type=classify):
            yield made
    structlog.reset_defaults()
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(made.records)
    made.close()


def classify(error: BaseException) -> str | None:
    if isinstance(error, OSError):
        raise Leaking
    return None


def hint(seen: object) -> float | None:
    return float(SECRET) if isinstance(seen, str) else None


def fallback(error: Exception) -> str:
    return SECRET


def leaking_policy(**options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": (Leaking, OSError), "attempts": 2, "backoff": 1, "clock": ManualClock()}
    return Policy(**given | options)


CALLS: dict[str, tuple[dict[str, Any], tuple[object, ...]]] = {
    "attempts_exhausted": ({}, (Leaking,)),
    "recovered": ({}, (Leaking(), SECRET)),
    "not_retryable": ({}, (KeyError(SECRET),)),
    "rejected": ({"on_result": lambda result: result == SECRET, "hint": hint}, (SECRET,)),
    "aborted": ({}, (Abort(Leaking()),)),
    "again": ({}, (RetryAgain(SECRET), SECRET)),
    "cancelled": ({}, (Interrupt(SECRET),)),
    "deadline_exceeded": ({"timeout": 0.5}, (Leaking,)),
    "hint_refused": ({"hint": lambda _: 3600.0}, (Leaking,)),
    "budget_exhausted": ({"budget": spent()}, (Leaking,)),
    "wrong_backoff": ({"backoff": lambda _: SECRET}, (Leaking(), SECRET)),
    "classifier": ({}, (OSError(SECRET),)),
    "predicate": ({"on": lambda error: vars(error)[SECRET]}, (Leaking,)),
}
OUTCOMES = {outcome.value for outcome in Outcome}


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_secret_is_nowhere_in_what_is_told(told: Told, form: Form) -> None:
    for name, (options, turns) in CALLS.items():
        policy = leaking_policy(operation=f"shop.{name}", **options)
        with contextlib.suppress(Exception, Interrupt):
            form.perform(policy, functools.partial(_login, Failing(*turns), password=SECRET))

    everything = told.everything()

    assert {where for where, text in everything.items() if SECRET in text} == set()
    for where in ("spans", "OTLP", "metrics", "Prometheus", "logging", "structlog", "console"):
        assert "shop.attempts_exhausted" in everything[where]
    assert {line["retold.outcome"] for line in told.lines if "retold.outcome" in line} == OUTCOMES
    assert "trace_id" in everything["Prometheus"]
    assert "retold.exporter.failed" in everything["logging"]


def _login(work: Any, *, password: str = SECRET) -> Any:
    """Has the secret among its arguments, and on the frames of what it raises."""
    return work() if password else None


def test_a_fallback_s_value_is_not_told(told: Told) -> None:
    policy = leaking_policy(operation="shop.fallback", fallback=fallback)

    assert policy.call(Failing(Leaking)) == SECRET
    assert {where for where, text in told.everything().items() if SECRET in text} == set()


def test_warnings_tell_places_and_not_values(told: Told) -> None:
    password = SECRET
    for attempt in leaking_policy():
        with attempt:
            _login(Failing("page"), password=password)
    for attempt in leaking_policy():
        with attempt:
            _login(Failing("page"), password=password)

    assert len(told.warnings) == 1
    assert SECRET not in told.everything()["warnings"]


@pytest.mark.parametrize(
    "option",
    [
        {"fallback": functools.partial(_login, password=SECRET)},
        {"hint": functools.partial(_login, password=SECRET)},
        {"on_result": functools.partial(_login, SECRET)},
        {"on": functools.partial(functools.partial(_login, SECRET))},
        {"backoff": functools.partial(_login, password=SECRET)},
        {"hint": Failing(SECRET).__call__},
        {"on_result": lambda result: result == SECRET},
    ],
)
def test_a_policy_s_repr_shows_no_value(option: dict[str, Any]) -> None:
    policy = leaking_policy(**option)

    assert SECRET not in repr(policy)
    assert SECRET not in f"{policy!s}"


def test_a_rejected_result_s_error_shows_no_value() -> None:
    policy = leaking_policy(on_result=lambda result: True)

    with pytest.raises(retold.RejectedResult) as caught:
        policy.call(Failing(SECRET))

    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__notes__}"

"""What the doctor says of an application's exporters and what lies behind them."""

from pathlib import Path

import pytest

from tests.cli.doctor.asking import Doctor

SDK = """
import retold
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased

@retold.retry(on=OSError)
def fetch(): ...

"""


def test_an_application_that_is_well_has_no_problem(doctor: Doctor) -> None:
    seen = doctor.ask(
        "--import=shop",
        app=SDK
        + """
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))
""",
    )

    assert seen.status == 0
    assert seen.of("traces") == [("ok", "go to ConsoleSpanExporter")]
    assert seen.of("metrics") == [("ok", "are read by InMemoryMetricReader")]
    assert seen.of("operations") == [("ok", "1 known, at most 100 have metrics of their own")]


@pytest.mark.parametrize(
    ("setup", "subject", "message"),
    [
        ("", "opentelemetry", "is asleep: the application has set no provider"),
        (
            "trace.set_tracer_provider(TracerProvider())",
            "traces",
            "the tracer provider has no span processor, so spans are made and lost",
        ),
        (
            "metrics.set_meter_provider(MeterProvider())",
            "metrics",
            "the meter provider has no reader, so nobody collects",
        ),
        (
            "trace.set_tracer_provider(TracerProvider(sampler=ParentBased(ALWAYS_OFF)))",
            "traces",
            "the sampler drops every span that has no sampled parent",
        ),
        (
            "import os; os.environ['OTEL_SDK_DISABLED'] = 'true'; trace.set_tracer_provider(TracerProvider())",
            "traces",
            "the SDK was disabled by OTEL_SDK_DISABLED",
        ),
        (
            """
processor = BatchSpanProcessor(ConsoleSpanExporter())
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(processor)
processor.shutdown()
""",
            "traces",
            "BatchSpanProcessor has been shut down and drops every span",
        ),
        (
            """
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter
reader = PeriodicExportingMetricReader(ConsoleMetricExporter(out=open("/dev/null", "w")))
metrics.set_meter_provider(MeterProvider([reader]))
reader.shutdown()
""",
            "metrics",
            "PeriodicExportingMetricReader has been shut down",
        ),
        ("retold.configure(exporters=[])", "exporters", "nothing is told to anybody"),
        (
            "import logging.config; logging.config.dictConfig({'version': 1})",
            "logging",
            "the logger retold is disabled, as logging.config does to loggers that exist",
        ),
        (
            "import logging; logging.disable(logging.ERROR)",
            "logging",
            "the logger retold lets no warning through",
        ),
        (
            "retold.configure(max_operations=2); retold.register('two'); retold.register('three')",
            "operations",
            "2 have metrics of their own, which is the limit: calls of others count as _OTHER",
        ),
        (
            "retold.configure(exporters=['prometheus'], max_operations=2)\n"
            "for name in 'two', 'three', 'four': retold.Policy(on=OSError, operation=name).call(int)",
            "operations",
            "2 have metrics of their own, which is the limit: calls of others count as _OTHER",
        ),
        (
            """
class Broken(retold.Exporter):
    name = "broken"
    def call_ended(self, state, event):
        raise RuntimeError
retold.configure(exporters=[Broken()])
fetch()
fetch()
""",
            "broken",
            "its code raised 2 times",
        ),
        (
            """
import prometheus_client
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from retold.exporters.opentelemetry import OpenTelemetry
metrics.set_meter_provider(MeterProvider([PrometheusMetricReader()]))
retold.configure(exporters=["prometheus", OpenTelemetry(metrics=True)])
""",
            "prometheus",
            "its registry also holds OpenTelemetry's Prometheus reader, which serves the same metrics;"
            " those of this exporter are left out",
        ),
    ],
)
def test_what_keeps_telemetry_from_showing_is_a_problem_with_a_remedy(
    doctor: Doctor, setup: str, subject: str, message: str
) -> None:
    seen = doctor.ask("--import=shop", app=SDK + setup)

    assert seen.status == 1
    assert (subject, message) in seen.problems
    assert all(each["remedy"] for each in seen.findings if each["status"] == "problem")


@pytest.mark.parametrize(
    ("setup", "subject", "finding"),
    [
        (
            "metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))",
            "traces",
            ("note", "no provider is set for them"),
        ),
        (
            """
class Tracers(trace.TracerProvider):
    def get_tracer(self, *args, **kwargs):
        return trace.NoOpTracer()
trace.set_tracer_provider(Tracers())
""",
            "traces",
            ("note", "go to shop.Tracers, which is not known here"),
        ),
        (
            """
from opentelemetry.sdk.trace import SpanProcessor
class Own(SpanProcessor): ...
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(Own())
""",
            "traces",
            ("ok", "go through Own"),
        ),
        (
            """
from retold.exporters.opentelemetry import OpenTelemetry
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
retold.configure(exporters=[OpenTelemetry(tracer_provider=provider, metrics=False)])
""",
            "traces",
            ("ok", "go to ConsoleSpanExporter"),
        ),
        (
            """
metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))
retold.configure(exporters=["opentelemetry", "prometheus"])
""",
            "metrics",
            ("ok", "another exporter carries them; OpenTelemetry(metrics=True) would as well"),
        ),
        (
            "retold.configure(exporters=['prometheus'])",
            "prometheus",
            ("ok", "registered; whether a server shows it is seen with --metrics"),
        ),
        ("", "logging", ("note", "the logger retold has no handler, so its lines go nowhere")),
        ("import logging; logging.basicConfig()", "logging", ("ok", "lines from WARNING on reach a handler")),
        (
            "import structlog; structlog.configure(); retold.configure(exporters=['structlog'])",
            "structlog",
            ("ok", "is configured"),
        ),
        (
            "retold.configure(exporters=['structlog'])",
            "structlog",
            ("note", "is not configured, so its lines go to the logger retold of logging"),
        ),
        (
            "retold.configure(exporters=['structlog'])",
            "logging",
            ("note", "the logger retold has no handler, so its lines go nowhere"),
        ),
    ],
)
def test_what_is_behind_an_exporter_is_told(doctor: Doctor, setup: str, subject: str, finding: tuple[str, str]) -> None:
    seen = doctor.ask("--import=shop", app=SDK + setup)

    assert seen.of(subject) == [finding]


def test_numbers_that_go_to_files_are_told_so(doctor: Doctor, tmp_path: Path) -> None:
    seen = doctor.ask(
        "--import=shop",
        app=SDK + "retold.configure(exporters=['prometheus'])",
        PROMETHEUS_MULTIPROC_DIR=str(tmp_path),
    )

    [(status, message)] = seen.of("prometheus")
    assert (status, message.split(";")[0]) == ("ok", "writes to PROMETHEUS_MULTIPROC_DIR")


def test_an_application_without_policies_is_noted(doctor: Doctor) -> None:
    seen = doctor.ask("--import=shop")

    assert seen.of("operations") == [("note", "nothing has been put under a policy by now")]


def test_an_application_that_overrides_the_environment_is_noted(doctor: Doctor) -> None:
    seen = doctor.ask(
        "--import=shop", app="import retold; retold.configure(exporters=['console'])", RETOLD_EXPORTERS="memory"
    )

    assert ("note", "is not what is told here: console") in seen.of("RETOLD_EXPORTERS=memory")

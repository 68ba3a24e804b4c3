"""Retold is switched on by `opentelemetry-instrument`, without a line of code."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import retold
from retold import Policy, catalogue, settings
from retold.exporters.opentelemetry import OpenTelemetry
from retold.integrations.opentelemetry import RetoldInstrumentor
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk
from tests.forms import Failing
from tests.services.otlp import OtlpSink
from tests.subprocesses import run

APPLICATION = """
import retold

failures = iter([OSError, None])

@retold.retry(on=OSError, backoff=0, operation="shop.fetch")
def fetch():
    if error := next(failures):
        raise error

fetch()
"""
SPANS = ["attempt shop.fetch", "attempt shop.fetch", "shop.fetch"]


def instrumented(script: Path, sink: OtlpSink, **env: str) -> None:
    """Run a script as `opentelemetry-instrument python script`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RETOLD_", "OTEL_"))}
    done = subprocess.run(
        [
            Path(sys.executable).with_name("opentelemetry-instrument"),
            *("--traces_exporter", "otlp", "--metrics_exporter", "none", "--logs_exporter", "none"),
            *("--exporter_otlp_protocol", "http/protobuf", "--exporter_otlp_endpoint", sink.http_endpoint),
            *(sys.executable, script),
        ],
        env={**inherited, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def application(tmp_path: Path) -> Path:
    script = tmp_path / "app.py"
    script.write_text(APPLICATION)
    return script


@pytest.mark.parametrize("chosen", ["", "logging", "memory,opentelemetry"])
def test_spans_of_an_application_without_any_such_code_arrive(
    application: Path, otlp_sink: OtlpSink, chosen: str
) -> None:
    instrumented(application, otlp_sink, RETOLD_EXPORTERS=chosen)

    spans = otlp_sink.spans()
    assert sorted(span.name for span in spans) == SPANS
    assert {span.scope for span in spans} == {"retold"}
    [call] = [span for span in spans if span.parent_id is None]
    assert call.attributes["retold.attempt.count"] == 2


def test_nothing_is_told_where_nothing_is_to_be_told(application: Path, otlp_sink: OtlpSink) -> None:
    instrumented(application, otlp_sink, RETOLD_EXPORTERS="none")

    assert otlp_sink.spans() == []


def test_the_command_leaves_retold_out_where_it_is_told_to(application: Path, otlp_sink: OtlpSink) -> None:
    instrumented(
        application, otlp_sink, RETOLD_EXPORTERS="logging", OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="retold, httpx"
    )

    assert otlp_sink.spans() == []


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    made = Sdk()
    yield made
    made.close()


def test_spans_are_made_between_instrument_and_uninstrument(sdk: Sdk, clock: ManualClock) -> None:
    memory, instrumentor = MemoryExporter(), RetoldInstrumentor()
    policy = Policy(on=OSError, operation="shop.fetch", clock=clock)

    with retold.configure(exporters=[memory]):
        instrumentor.instrument(tracer_provider=sdk.tracers, attempt_spans="off")
        policy.call(Failing("page"))
        instrumentor.uninstrument()
        policy.call(Failing("page"))

    assert [span.name for span in sdk.spans] == ["shop.fetch"]
    assert len(memory.calls) == 2


def test_without_options_it_is_the_exporter_that_configure_knows_by_name() -> None:
    instrumentor = RetoldInstrumentor()

    with retold.configure(exporters=["memory", OpenTelemetry()]):
        instrumentor.instrument()
        assert settings.exporters_now() == (catalogue.named("opentelemetry"), catalogue.named("memory"))
        instrumentor.uninstrument()
        assert settings.exporters_now() == (catalogue.named("memory"),)


def test_without_the_package_the_extra_is_named() -> None:
    done = run(
        """
        try:
            import retold.integrations.opentelemetry
        except ImportError as error:
            print(error)
        """,
        without=["opentelemetry.instrumentation"],
    )

    assert done.lines == ["RetoldInstrumentor needs the extra: retold[instrument]"]

"""What the doctor finds in a forked child of an application."""

import os

import pytest

from tests.cli.doctor.asking import Doctor
from tests.services.otlp import OtlpSink

from .test_delivery import APP

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

OWN = """
import os
import threading
import retold
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

class Own(SpanProcessor):
    span_exporter = None
    def __init__(self):
        self._worker_thread = threading.Thread(target=threading.Event().wait, daemon=True)
        self._worker_thread.start()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(Own())
"""


def test_what_survives_a_fork_is_well(doctor: Doctor, otlp_sink: OtlpSink) -> None:
    seen = doctor.ask(
        "--import=shop",
        "--fork",
        app=APP.format(protocol="http"),
        OTEL_EXPORTER_OTLP_ENDPOINT=otlp_sink.http_endpoint,
    )

    assert seen.problems == []
    assert seen.of("after a fork") == [("ok", "all of this holds in a child too")]


def test_a_thread_that_is_not_started_again_is_a_problem(doctor: Doctor) -> None:
    seen = doctor.ask("--import=shop", "--fork", app=OWN)

    assert seen.problems == [("after a fork, traces", "the thread of Own does not run in this process")]
    assert "post_fork" in seen.remedy("after a fork, traces")


def test_a_reader_that_is_not_started_again_is_a_problem(doctor: Doctor, otlp_sink: OtlpSink) -> None:
    app = APP.format(protocol="http").replace(
        "reader =", "PeriodicExportingMetricReader._at_fork_reinit = lambda self: None\nreader ="
    )

    seen = doctor.ask("--import=shop", "--fork", app=app, OTEL_EXPORTER_OTLP_ENDPOINT=otlp_sink.http_endpoint)

    assert seen.problems == [
        ("after a fork, metrics", "the thread of PeriodicExportingMetricReader does not run in this process")
    ]


def test_a_child_that_hangs_is_a_problem_and_ended(doctor: Doctor) -> None:
    app = OWN + "os.register_at_fork(after_in_child=threading.Event().wait)\n"

    seen = doctor.ask("--import=shop", "--fork", "--timeout=0.1", app=app)

    assert seen.problems == [("after a fork", "a child was not done within 1 s: something hangs in it")]


def test_a_child_that_dies_is_a_problem(doctor: Doctor) -> None:
    seen = doctor.ask("--import=shop", "--fork", app=OWN + "os.register_at_fork(after_in_child=lambda: os._exit(1))\n")

    assert seen.problems == [("after a fork", "a child died while it was looked at")]

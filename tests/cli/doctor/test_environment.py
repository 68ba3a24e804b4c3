"""What the doctor says of variables and packages."""

from importlib import metadata
from pathlib import Path

import pytest

from retold.cli.doctor import environment
from tests.cli.doctor.asking import Doctor


def test_where_all_is_well_it_says_so(doctor: Doctor) -> None:
    seen = doctor.ask()

    assert seen.status == 0
    assert seen.problems == []
    [(_, versions)] = seen.of("versions")
    assert versions.startswith("retold 0.1.0, Python 3.")
    assert seen.of("exporters") == [("ok", "opentelemetry, logging")]
    assert seen.remedy("opentelemetry") == "name yours with --import"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("none", "nothing is told to anybody"),
        ("memory,promteheus", "there is no exporter named 'promteheus'; there are: console, logging, memory"),
        ("memory none", "there is no exporter named 'memory none'"),
    ],
)
def test_a_wrong_choice_of_exporters_is_a_problem(doctor: Doctor, value: str, message: str) -> None:
    seen = doctor.ask(RETOLD_EXPORTERS=value)

    assert seen.status == 1
    assert seen.problems[0][0] == f"RETOLD_EXPORTERS={value}"
    assert seen.problems[0][1].startswith(message)
    assert "console, logging, memory, opentelemetry, prometheus, structlog" in seen.remedy(f"RETOLD_EXPORTERS={value}")


def test_a_right_choice_is_told(doctor: Doctor) -> None:
    seen = doctor.ask(RETOLD_EXPORTERS="memory, console")

    assert seen.of("RETOLD_EXPORTERS=memory, console") == [("ok", "every name is known")]
    assert seen.of("exporters") == [("ok", "memory, console")]


def test_retries_that_are_off_are_a_problem(doctor: Doctor) -> None:
    seen = doctor.ask(RETOLD_DISABLED="1")

    assert seen.problems == [("RETOLD_DISABLED=1", "retries are off: every policy makes a single attempt")]
    assert seen.remedy("RETOLD_DISABLED=1") == "unset it"


def test_an_exporter_without_its_library_is_a_problem(doctor: Doctor) -> None:
    seen = doctor.ask(RETOLD_EXPORTERS="prometheus", without="prometheus_client")

    assert "pip install 'retold[prometheus]'" in dict(seen.problems)["RETOLD_EXPORTERS=prometheus"]


def test_without_an_sdk_nothing_of_opentelemetry_leaves(doctor: Doctor) -> None:
    seen = doctor.ask(without="opentelemetry.sdk")

    [(subject, message)] = seen.problems
    assert (subject, message.split(",")[0]) == ("opentelemetry", "no SDK is installed")
    assert seen.remedy("opentelemetry").startswith("pip install 'retold[otlp]'")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("OTEL_SDK_DISABLED", "TRUE", "the SDK exports nothing"),
        ("OTEL_TRACES_SAMPLER", "parentbased_always_off", "no span is sampled"),
        ("OTEL_TRACES_EXPORTER", "none", "nothing of this kind is exported"),
        ("OTEL_METRICS_EXPORTER", "otpl", "no installed package has it"),
    ],
)
def test_a_variable_that_silences_opentelemetry_is_a_problem(
    doctor: Doctor, variable: str, value: str, message: str
) -> None:
    seen = doctor.ask(**{variable: value})

    assert seen.status == 1
    assert [message for _, message in seen.problems] == [message]


def test_exporters_that_are_installed_may_be_named(doctor: Doctor) -> None:
    seen = doctor.ask(OTEL_TRACES_EXPORTER="otlp,console", OTEL_METRICS_EXPORTER="otlp_proto_http")

    assert seen.problems == []


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_PACKAGES", ("retold", "retold-of-mars"))
    monkeypatch.setattr(environment, "entry_points", lambda group: metadata.EntryPoints(()))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")

    versions, endpoint = environment.examine()

    assert versions.message.endswith("retold 0.1.0, no retold-of-mars")
    assert (endpoint.status, endpoint.message) == ("problem", "is set, and no OTLP exporter is installed")


def test_a_folder_of_processes_that_cannot_be_written_is_a_problem(doctor: Doctor, tmp_path: Path) -> None:
    there, nowhere = doctor.ask(PROMETHEUS_MULTIPROC_DIR=str(tmp_path)), doctor.ask(PROMETHEUS_MULTIPROC_DIR="/nowhere")

    assert there.problems == []
    assert nowhere.problems == [("PROMETHEUS_MULTIPROC_DIR=/nowhere", "is no folder that this user can write to")]

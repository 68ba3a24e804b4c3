"""What the environment says, and what is installed: all that can be seen without an application."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, entry_points, version

import retold
from retold import catalogue, settings
from retold.cli.doctor.findings import Finding, ok, problem
from retold.cli.doctor.otlp import ENDPOINT_VARIABLE

_PACKAGES = ("opentelemetry-api", "opentelemetry-sdk", "prometheus-client", "structlog")
_SAMPLERS = {"always_off", "parentbased_always_off"}
_EXPORTERS = {
    "OTEL_TRACES_EXPORTER": "opentelemetry_traces_exporter",
    "OTEL_METRICS_EXPORTER": "opentelemetry_metrics_exporter",
}


def examine() -> Iterator[Finding]:
    """Everything that variables and packages tell."""
    yield ok("versions", f"retold {retold.__version__}, Python {platform.python_version()}, {', '.join(_installed())}")
    yield from _retold()
    yield from _opentelemetry()
    yield from _multiprocess()


def _installed() -> Iterator[str]:
    for package in _PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"no {package}"


def _retold() -> Iterator[Finding]:
    if settings.is_disabled():
        said = f"{settings.DISABLED}={os.environ[settings.DISABLED]}"
        yield problem(said, "retries are off: every policy makes a single attempt", "unset it")
    text = os.environ.get(settings.VARIABLE, "")
    if not text.strip():
        return
    said = f"{settings.VARIABLE}={text}"
    if text.strip() == "none":
        yield problem(said, "nothing is told to anybody", f"unset it, or name exporters: {_choices()}")
    names = settings.names_in(text)
    for name in names:
        try:
            catalogue.named(name)
        except retold.SettingsError as error:
            yield problem(said, f"{error}; it is left out", f"correct it: {_choices()}")
            return
    if names:
        yield ok(said, "every name is known")


def _choices() -> str:
    return f"names from {', '.join(catalogue.BUILT_IN)}, or none alone, separated by commas"


def _opentelemetry() -> Iterator[Finding]:
    read = os.environ.get
    if read("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        yield problem("OTEL_SDK_DISABLED=true", "the SDK exports nothing", "unset it")
    sampler = read("OTEL_TRACES_SAMPLER", "").strip().lower()
    if sampler in _SAMPLERS:
        yield problem(f"OTEL_TRACES_SAMPLER={sampler}", "no span is sampled", "unset it, or set it to always_on")
    for variable, group in _EXPORTERS.items():
        for name in filter(None, (each.strip() for each in read(variable, "").split(","))):
            if name == "none":
                yield problem(f"{variable}=none", "nothing of this kind is exported", "unset it, or name an exporter")
            elif not _is_installed(name, group):
                yield problem(
                    f"{variable}={name}", "no installed package has it", "pip install 'retold[otlp]' for otlp"
                )
    endpoint = read(ENDPOINT_VARIABLE)
    if endpoint and not _is_installed("otlp", _EXPORTERS["OTEL_TRACES_EXPORTER"]):
        yield problem(ENDPOINT_VARIABLE, "is set, and no OTLP exporter is installed", "pip install 'retold[otlp]'")


def _is_installed(name: str, group: str) -> bool:
    """Whether an exporter goes by this name; `otlp` stands for either protocol."""
    return any(each == name or (name == "otlp" and each.startswith("otlp")) for each in entry_points(group=group).names)


def _multiprocess() -> Iterator[Finding]:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is not None and not (os.path.isdir(folder) and os.access(folder, os.W_OK)):
        yield problem(
            f"PROMETHEUS_MULTIPROC_DIR={folder}",
            "is no folder that this user can write to",
            "make it before the first process starts, empty",
        )

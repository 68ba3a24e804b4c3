"""Has an application's own exporter make an empty export, and hears what becomes of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from retold.cli.doctor.findings import Finding, ok, problem
from retold.cli.doctor.options import shown
from retold.cli.doctor.reach import Unreachable, connect

_OTLP = "opentelemetry.exporter.otlp."


def deliver(signal: str, exporter: Any, nothing: object, timeout: float) -> Finding:
    """What becomes of an export of nothing. Exporters that are not for OTLP are named, and left alone."""
    kind = type(exporter)
    if not kind.__module__.startswith(_OTLP):
        return ok(signal, f"go to {kind.__qualname__}")
    endpoint = str(getattr(exporter, "_endpoint", ""))
    address = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
    to = f"to {shown(endpoint) or 'its endpoint'}"
    remedy = "start the collector, or set OTEL_EXPORTER_OTLP_ENDPOINT"
    if address.hostname:
        try:
            connect(address.hostname, address.port or (443 if address.scheme == "https" else 80), timeout)
        except Unreachable as reason:
            return problem(signal, f"go {to}: {reason}", remedy)
    said = _export(exporter, nothing, timeout)
    if said is None:
        return ok(signal, f"go {to}: an empty export was accepted")
    return problem(
        signal, f"go {to}: {said}", "look at OTEL_EXPORTER_OTLP_PROTOCOL, at the headers and at the receiver"
    )


def _export(exporter: Any, nothing: object, timeout: float) -> str | None:
    """Why it failed, if it did. Exporters try again for longer than a doctor has patience."""
    results: list[str] = []

    def export() -> None:
        try:
            results.append(exporter.export(nothing).name)
        except Exception as error:  # noqa: BLE001 - whatever an exporter raises is its answer
            results.append(f"it raised {type(error).__name__}: {error}")

    with _heard() as lines:
        thread = Thread(target=export, daemon=True)
        thread.start()
        thread.join(timeout)
    if results == ["SUCCESS"]:
        return None
    if not results:
        return f"no answer within {timeout:g} s" + "".join(f" ({line})" for line in lines[-1:])
    return lines[-1] if lines else results[0]


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What OpenTelemetry logs meanwhile."""
    lines: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    ear = Ear()
    logger = logging.getLogger("opentelemetry")
    logger.addHandler(ear)
    try:
        yield lines
    finally:
        logger.removeHandler(ear)

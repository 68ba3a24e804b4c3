"""Looks at what is configured in this process: each exporter, and what lies behind it."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from retold import Exporter, settings, telemetry
from retold.cli.doctor import sdk
from retold.cli.doctor.findings import Finding, note, ok, problem
from retold.errors import RetoldWarning
from retold.exporters._doubles import is_doubled
from retold.status import Status, status


def examine(timeout: float, *, application: bool) -> Iterator[Finding]:
    """Everything that can be seen in this process.

    Args:
        timeout: Seconds that an exporter has for an empty export.
        application: Whether an application has been imported; else only what needs none is looked at.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RetoldWarning)  # of a wrong variable, which has a finding of its own
        now = status()
    if not now.exporters:
        yield problem("exporters", "nothing is told to anybody", 'write retold.configure(exporters=["opentelemetry"])')
    else:
        yield ok("exporters", ", ".join(_name(exporter) for exporter in now.exporters))
    for exporter in now.exporters:
        yield from _behind(exporter, timeout, application)
    if application:
        yield from _operations(now)
        yield from _failures(now)


def _name(exporter: Exporter) -> str:
    return exporter.name or type(exporter).__qualname__


def _behind(exporter: Exporter, timeout: float, application: bool) -> Iterator[Finding]:
    modules = {base.__module__ for base in type(exporter).__mro__}
    if sdk.MODULE in modules:
        yield from sdk.examine(exporter, timeout, application=application)
    for module, look in _LOOKS.items() if application else ():
        if module in modules:
            yield from look(exporter)


def _prometheus(exporter: Any) -> Iterator[Finding]:
    registry: Any = exporter._registry
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RetoldWarning)
        doubled = is_doubled(registry)
    if doubled:
        yield problem(
            "prometheus",
            "its registry also holds OpenTelemetry's Prometheus reader, which serves the same metrics;"
            " those of this exporter are left out",
            "leave out the exporter prometheus, or OpenTelemetry(metrics=True)",
        )
    elif os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        yield ok("prometheus", "writes to PROMETHEUS_MULTIPROC_DIR; whether a server sums it up is seen with --metrics")
    else:
        yield ok("prometheus", "registered; whether a server shows it is seen with --metrics")


def _logging(exporter: Exporter) -> Iterator[Finding]:
    logger = logging.getLogger("retold")
    if logger.disabled:
        yield problem(
            "logging",
            "the logger retold is disabled, as logging.config does to loggers that exist",
            "pass disable_existing_loggers=False to it",
        )
    elif not logger.isEnabledFor(logging.WARNING):
        yield problem(
            "logging",
            "the logger retold lets no warning through",
            "logging.getLogger('retold').setLevel(logging.INFO), and look for logging.disable(...)",
        )
    elif not _has_handler(logger):
        yield note("logging", "the logger retold has no handler, so its lines go nowhere", "logging.basicConfig()")
    else:
        level = logging.getLevelName(logger.getEffectiveLevel())
        yield ok("logging", f"lines from {level} on reach a handler")


def _has_handler(logger: logging.Logger | None) -> bool:
    while logger is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False


def _structlog(exporter: Exporter) -> Iterator[Finding]:
    if sys.modules["structlog"].is_configured():
        yield ok("structlog", "is configured")
    else:
        yield note(
            "structlog", "is not configured, so its lines go to the logger retold of logging", "structlog.configure()"
        )
        yield from _logging(exporter)


_LOOKS: dict[str, Callable[[Any], Iterator[Finding]]] = {
    "retold.exporters.prometheus": _prometheus,
    "retold.exporters.logging": _logging,
    "retold.exporters.structlog": _structlog,
}


def _operations(now: Status) -> Iterator[Finding]:
    known = len(set(now.operations) - {telemetry.OTHER})
    if known >= now.max_operations:
        yield problem(
            "operations",
            f"{known} have metrics of their own, which is the limit: calls of others count as {telemetry.OTHER}",
            "raise retold.configure(max_operations=...), or give policies an operation= that few share",
        )
    elif known:
        yield ok("operations", f"{known} known, at most {now.max_operations} have metrics of their own")
    else:
        yield note(
            "operations",
            "nothing has been put under a policy by now",
            "import what decorates; blocks and calls without an operation= are known from their first call",
        )
    text = os.environ.get(settings.VARIABLE, "")
    names = [_name(exporter) for exporter in now.exporters]
    if text.strip() and set(names) != set(settings.names_in(text)):
        yield note(f"{settings.VARIABLE}={text}", f"is not what is told here: {', '.join(names) or 'nobody'}")


def _failures(now: Status) -> Iterator[Finding]:
    for name, count in now.failures.items():
        if count:
            yield problem(
                name,
                f"its code raised {count} times",
                "look for retold.exporter.failed in the log: its error.type says what",
            )

"""Exporters by name: those that come with Retold, and those that installed packages register."""

from __future__ import annotations

import atexit
import importlib
from collections.abc import Callable
from typing import cast

from retold.errors import SettingsError
from retold.exporter import Exporter
from retold.runners import audience

BUILT_IN = {
    "console": "retold.exporters.console:Console",
    "logging": "retold.exporters.logging:Logging",
    "memory": "retold.exporters.memory:Memory",
    "opentelemetry": "retold.exporters.opentelemetry:OpenTelemetry",
    "prometheus": "retold.exporters.prometheus:Prometheus",
    "structlog": "retold.exporters.structlog:Structlog",
}
ENTRY_POINTS = "retold.exporters"

_made: dict[str, Exporter] = {}


def named(name: str) -> Exporter:
    """The exporter of that name; the same object every time.

    Raises:
        SettingsError: There is none, or the library it needs is not installed.
    """
    with audience.CHANGING:
        if name not in _made:
            _made[name] = _make(name)
        return _made[name]


def _make(name: str) -> Exporter:
    try:
        made = _factory(name)()
    except SettingsError:
        raise
    except Exception as error:
        raise SettingsError(f"exporter {name!r} cannot be loaded: {error}") from error
    if not isinstance(made, Exporter):
        raise SettingsError(f"exporter {name!r} cannot be loaded: {made!r} is no retold.Exporter")
    made.name = made.name or name
    return made


def _factory(name: str) -> Callable[[], object]:
    if name not in BUILT_IN:
        return _plugin(name)
    module, _, attribute = BUILT_IN[name].partition(":")
    return cast("Callable[[], object]", getattr(importlib.import_module(module), attribute))


def _plugin(name: str) -> Callable[[], object]:
    from importlib.metadata import entry_points  # slow to import, and few need it

    found = entry_points(group=ENTRY_POINTS)
    for entry in found:
        if entry.name == name:
            return cast("Callable[[], object]", entry.load())
    known = ", ".join(sorted({*BUILT_IN, *found.names}))
    raise SettingsError(f"there is no exporter named {name!r}; there are: {known}")


def _close_made() -> None:
    for exporter in _made.values():
        try:
            exporter.close()
        except Exception as error:  # noqa: BLE001 - the others are to be closed too
            audience.exporter_failed(exporter, error)


atexit.register(_close_made)

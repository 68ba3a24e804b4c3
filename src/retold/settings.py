"""The process-wide choice of exporters: names become objects here."""

from __future__ import annotations

import atexit
import importlib
import os
import threading
import warnings
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import cast

from retold.errors import RetoldWarning, SettingsError
from retold.exporter import Exporter
from retold.journal import JOURNAL
from retold.runners import audience

VARIABLE = "RETOLD_EXPORTERS"
DEFAULT = ("opentelemetry", "logging")
BUILT_IN = {
    "console": "retold.exporters.console:Console",
    "logging": "retold.exporters.logging:Logging",
    "memory": "retold.exporters.memory:Memory",
    "opentelemetry": "retold.exporters.opentelemetry:OpenTelemetry",
    "prometheus": "retold.exporters.prometheus:Prometheus",
    "structlog": "retold.exporters.structlog:Structlog",
}
ENTRY_POINTS = "retold.exporters"

_lock = threading.RLock()
_chosen: tuple[Exporter, ...] | None = None
_made: dict[str, Exporter] = {}


class Configuration:
    """What `configure` returns: in a `with`, the choice before it is restored at the end."""

    def __init__(self, before: tuple[Exporter, ...] | None) -> None:
        self._before = before

    def __enter__(self) -> Configuration:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _choose(self._before)


def configure(*, exporters: Iterable[str | Exporter]) -> Configuration:
    """Choose who is told about all calls of this process that begin from now on.

    Args:
        exporters: Names (`opentelemetry`, `prometheus`, `structlog`, `logging`, `memory`, `console`, or one that
            an installed package registers in the entry-point group `retold.exporters`) or exporter objects.
            None at all means that nothing is told.

    Returns:
        A context manager that restores the choice before; without `with` the choice stands.

    Raises:
        SettingsError: There is no exporter of that name, or the library it needs is not installed.
    """
    if isinstance(exporters, str):
        raise SettingsError(f"exporters must be a list of names or exporters: write exporters=[{exporters!r}]")
    chosen = tuple(dict.fromkeys(_resolve(each) for each in exporters))
    with _lock:
        before = _chosen
        _choose(chosen)
    return Configuration(before)


def ensure() -> None:
    """Choose as the environment says, unless there is a choice. Called when a policy is first applied.

    A wrong name in the environment is warned about and left out: it must not break a running service.
    """
    if _chosen is not None:
        return
    with _lock:
        if _chosen is None:
            _choose(tuple(_from_environment()))


def names_in(text: str) -> list[str]:
    """The exporter names in a comma-separated list, as `RETOLD_EXPORTERS` has it; `none` names none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    return [] if names == ["none"] else names


def named(name: str) -> Exporter:
    """The exporter of that name; the same object every time.

    Raises:
        SettingsError: There is none, or the library it needs is not installed.
    """
    with _lock:
        if name not in _made:
            _made[name] = _make(name)
        return _made[name]


def _make(name: str) -> Exporter:
    try:
        if name in BUILT_IN:
            module, _, attribute = BUILT_IN[name].partition(":")
            factory: Callable[[], Exporter] = getattr(importlib.import_module(module), attribute)
        else:
            factory = _plugin(name)
    except ImportError as error:
        raise SettingsError(f"exporter {name!r} cannot be loaded: {error}") from error
    made = factory()
    made.name = made.name or name
    return made


def _plugin(name: str) -> Callable[[], Exporter]:
    from importlib.metadata import entry_points  # slow to import, and few need it

    found = entry_points(group=ENTRY_POINTS)
    for entry in found:
        if entry.name == name:
            return cast("Callable[[], Exporter]", entry.load())
    known = ", ".join(sorted({*BUILT_IN, *found.names}))
    raise SettingsError(f"there is no exporter named {name!r}; there are: {known}")


def _resolve(exporter: object) -> Exporter:
    if isinstance(exporter, str):
        return named(exporter)
    if isinstance(exporter, type) and issubclass(exporter, Exporter):
        raise SettingsError(f"exporters takes objects, not classes: write {exporter.__name__}()")
    if not isinstance(exporter, Exporter):
        raise SettingsError(f"exporters takes names and retold.Exporter objects, not {exporter!r}")
    return exporter


def _from_environment() -> Iterable[Exporter]:
    text = os.environ.get(VARIABLE)
    for name in DEFAULT if text is None else names_in(text):
        try:
            yield named(name)
        except SettingsError as error:
            warnings.warn(f"{VARIABLE}={text}: {error}; it is left out", RetoldWarning, stacklevel=2)


def _choose(exporters: tuple[Exporter, ...] | None) -> None:
    global _chosen
    with _lock:
        for exporter in exporters or ():
            JOURNAL.exporter_known(exporter.name)
        _chosen = exporters
        audience.replace(exporters or ())


def _close_made() -> None:
    for exporter in _made.values():
        exporter.close()


atexit.register(_close_made)

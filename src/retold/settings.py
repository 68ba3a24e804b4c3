"""The process-wide choice of exporters: names become objects here."""

from __future__ import annotations

import atexit
import importlib
import os
import warnings
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import cast

from retold.errors import RetoldWarning, SettingsError
from retold.exporter import Exporter
from retold.journal import JOURNAL
from retold.runners import audience
from retold.telemetry import clean_name

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

chosen: tuple[Exporter, ...] | None = None
"""The choice, once there is one; for who cannot afford to call `ensure` each time."""
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
        # What was decorated meanwhile asks no more.
        ensure()


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
    resolved = tuple(dict.fromkeys(_resolve(each) for each in exporters))
    with audience.CHANGING:
        before = chosen
        _choose(resolved)
    return Configuration(before)


def register(operation: str) -> None:
    """Make an operation known before its first call, so that its counters already exist, at 0.

    Decorated functions and policies with an `operation` are known without it.
    """
    JOURNAL.register(clean_name(operation))


def ensure() -> None:
    """Choose as the environment says, unless there is a choice. Called when a policy is first applied.

    A wrong name in the environment is warned about and left out: it must not break a running service.
    """
    if chosen is None:
        with audience.CHANGING:
            _choose(_chosen_by_now())


def exporters_now() -> tuple[Exporter, ...]:
    """The exporters of calls that begin now, chosen in code or, if nobody has, by the environment."""
    ensure()
    return audience.current().exporters


def names_in(text: str) -> list[str]:
    """The exporter names in a comma-separated list, as `RETOLD_EXPORTERS` has it; `none` names none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    return [] if names == ["none"] else names


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


def _resolve(exporter: object) -> Exporter:
    if isinstance(exporter, str):
        return named(exporter)
    if isinstance(exporter, type) and issubclass(exporter, Exporter):
        raise SettingsError(f"exporters takes objects, not classes: write {exporter.__name__}()")
    if not isinstance(exporter, Exporter):
        raise SettingsError(f"exporters takes names and retold.Exporter objects, not {exporter!r}")
    return exporter


def _from_environment() -> Iterable[Exporter]:
    text = os.environ.get(VARIABLE, "")
    for name in names_in(text) if text.strip() else DEFAULT:
        try:
            yield named(name)
        except SettingsError as error:
            warnings.warn(f"{VARIABLE}={text}: {error}; it is left out", RetoldWarning, stacklevel=2)


def _chosen_by_now() -> tuple[Exporter, ...]:
    """The choice that somebody made meanwhile, else the environment's."""
    return tuple(dict.fromkeys(_from_environment())) if chosen is None else chosen


def _choose(exporters: tuple[Exporter, ...] | None) -> None:
    global chosen
    with audience.CHANGING:
        for exporter in exporters or ():
            JOURNAL.exporter_known(audience.name_of(exporter))
        chosen = exporters
        audience.replace(exporters or ())


def _close_made() -> None:
    for exporter in _made.values():
        try:
            exporter.close()
        except Exception as error:  # noqa: BLE001 - the others are to be closed too
            audience.exporter_failed(exporter, error)


atexit.register(_close_made)

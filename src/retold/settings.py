"""The process-wide settings: who is told, what failures are called, how many operations have numbers of their own."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from retold.catalogue import named
from retold.core.checks import callable_now
from retold.errors import RetoldWarning, SettingsError
from retold.exporter import Exporter
from retold.journal import JOURNAL
from retold.runners import audience, disabled, error_types
from retold.runners.error_types import Classifier
from retold.telemetry import MAX_OPERATIONS, clean_name

VARIABLE = "RETOLD_EXPORTERS"
DISABLED = disabled.VARIABLE
is_disabled = disabled.by_environment
DEFAULT = ("opentelemetry", "logging")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is set for the process; None is the default, which for exporters the environment says."""

    exporters: tuple[Exporter, ...] | None = None
    error_type: Classifier | None = None
    max_operations: int | None = None


_KEPT: Any = object()
"""The value of a setting that was not given, where None means the default."""

_settings = Settings()
chosen: tuple[Exporter, ...] | None = None
"""The exporters among them, once there is a choice; for who cannot afford to call `ensure` each time."""


class Configuration:
    """What `configure` returns: in a `with`, what it replaced is restored at the end, and nothing else."""

    def __init__(self, replaced: dict[str, Any]) -> None:
        self._replaced = replaced

    def __enter__(self) -> Configuration:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _replace(self._replaced)


def configure(
    *,
    exporters: Iterable[str | Exporter] | None = _KEPT,
    error_type: Classifier | None = _KEPT,
    max_operations: int | None = _KEPT,
) -> Configuration:
    """Set, for all calls of this process that begin from now on, what is given; the rest stays as it is.

    Args:
        exporters: Who is told: names (`opentelemetry`, `prometheus`, `structlog`, `logging`, `memory`, `console`, or
            one that an installed package registers in the entry-point group `retold.exporters`) or exporter
            objects. An empty list means that nothing is told; None that `RETOLD_EXPORTERS` says, else the default.
        error_type: What a failure is called in telemetry (`error.type`): takes the exception and returns a name, or
            None for the name of its type, which all have by default. Names are cleaned and cut like those of
            operations. If it raises or returns something else, that is counted as a failure of the exporter
            `error_type` and logged once a minute, and the failure has its type's name. Give it few names to
            return: each is a time series, and an operation has 15 of them before the rest is `_OTHER`.
        max_operations: How many operations have metrics of their own, at least 1; the calls of others are counted under
            `_OTHER`. None is 100. Those that have metrics keep them. Above 120 the OpenTelemetry SDK reaches its
            own limit of 2,000 series a metric.

    Returns:
        A context manager that restores what was replaced; without `with` it stands.

    Raises:
        SettingsError: There is no exporter of that name, or the library it needs is not installed; a value is wrong.
            Nothing is set then.
    """
    given: dict[str, Any] = {}
    if exporters is not _KEPT:
        given["exporters"] = None if exporters is None else _resolved(exporters)
    if error_type is not _KEPT:
        given["error_type"] = _checked_classifier(error_type)
    if max_operations is not _KEPT:
        given["max_operations"] = _checked_limit(max_operations)
    return Configuration(_replace(given))


def register(operation: str) -> None:
    """Make an operation known before its first call, so that its counters already exist, at 0.

    Decorated functions and policies with an `operation` are known without it.

    Raises:
        SettingsError: It is no name.
    """
    given: object = operation
    if not isinstance(given, str) or not given:
        raise SettingsError(f"operation must be a name, not {given!r}")
    JOURNAL.register(clean_name(given))


def ensure() -> None:
    """Choose as the environment says, unless there is a choice. Called when a policy is first applied.

    A wrong name in the environment is warned about and left out: it must not break a running service.
    """
    if chosen is None:
        with audience.CHANGING:
            _replace({"exporters": _chosen_by_now()})


def exporters_now() -> tuple[Exporter, ...]:
    """The exporters of calls that begin now, chosen in code or, if nobody has, by the environment."""
    ensure()
    return audience.current().exporters


def names_in(text: str) -> list[str]:
    """The exporter names in a comma-separated list, as `RETOLD_EXPORTERS` has it; `none` names none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    return [] if names == ["none"] else names


def _resolved(exporters: Iterable[object]) -> tuple[Exporter, ...]:
    if isinstance(exporters, str):
        raise SettingsError(f"exporters must be a list of names or exporters: write exporters=[{exporters!r}]")
    if not isinstance(exporters, Iterable):
        raise SettingsError(f"exporters must be a list of names or exporters, not {exporters!r}")
    return tuple(dict.fromkeys(_resolve(each) for each in exporters))


def _checked_classifier(classify: object) -> object:
    if not (classify is None or callable_now(classify)):
        raise SettingsError(
            f"error_type must be a callable that takes an exception and names it and is not async, not {classify!r}"
        )
    return classify


def _checked_limit(limit: object) -> object:
    if limit is None or (isinstance(limit, int) and not isinstance(limit, bool) and limit >= 1):
        return limit
    raise SettingsError(f"max_operations must be a whole number, at least 1, not {limit!r}")


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


def _replace(given: dict[str, Any]) -> dict[str, Any]:
    """Put these settings in force. Returns those that they replace."""
    global _settings
    with audience.CHANGING:
        replaced = {name: getattr(_settings, name) for name in given}
        _settings = replace(_settings, **given)
        error_types.use(_settings.error_type)
        if _settings.error_type is not None:
            JOURNAL.exporter_known(error_types.NAME)
        JOURNAL.max_operations = _settings.max_operations or MAX_OPERATIONS
        if "exporters" in given:
            _tell_audience(_settings.exporters)
    return replaced


def _tell_audience(exporters: tuple[Exporter, ...] | None) -> None:
    global chosen
    if exporters is None:
        chosen = None
        ensure()
        return
    for exporter in exporters:
        JOURNAL.exporter_known(audience.name_of(exporter))
    audience.replace(exporters)
    chosen = exporters

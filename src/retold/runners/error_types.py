"""What failures are called in telemetry: as the application says, else by their types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from retold import telemetry
from retold.runners import audience

Classifier: TypeAlias = Callable[[BaseException], str | None]

NAME = "error_type"
"""Under which its failures are counted, beside those of exporters."""

_classify: Classifier | None = None


def use(classify: Classifier | None) -> None:
    """Have this say what failures are called; None leaves it to their types."""
    global _classify
    _classify = classify


def error_type(error: BaseException) -> str:
    """What telemetry calls this failure."""
    classify = _classify
    if classify is not None:
        try:
            name = classify(error)
            if name is not None:
                return _cleaned(name)
        except Exception as bug:  # noqa: BLE001 - whatever it raises, the call goes on
            audience.failed(NAME, bug)
    return telemetry.error_type(error)


def _cleaned(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ValueError("no name")
    return telemetry.clean_name(name)

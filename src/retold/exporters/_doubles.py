"""Whether OpenTelemetry's own reader for Prometheus already serves what our collector would.

The SDK keeps its readers to itself; where it hides them elsewhere than here, none is found.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator

from retold.errors import RetoldWarning

_warned = False


def is_doubled(registry: object) -> bool:
    """Whether a reader in this registry tells our metrics too, which would double every sum. Warns once."""
    global _warned
    registered = getattr(registry, "_collector_to_names", {})
    doubled = any(getattr(reader, "_collector", None) in registered for reader in _readers_of_ours())
    if doubled and not _warned:
        _warned = True
        warnings.warn(
            "this registry also holds OpenTelemetry's Prometheus reader, which serves Retold's metrics already;"
            " those of the exporter prometheus are left out, or every sum would double:"
            " leave out that exporter, or OpenTelemetry(metrics=True)",
            RetoldWarning,
            stacklevel=3,
        )
    return doubled


def readers_of(provider: object) -> tuple[object, ...]:
    """The metric readers of a meter provider of the SDK."""
    older = getattr(getattr(provider, "_sdk_config", None), "metric_readers", ())
    return tuple(getattr(provider, "_metric_readers", older))


def _readers_of_ours() -> Iterator[object]:
    # Not imported for this question: where it is not loaded, OpenTelemetry has no metrics of ours.
    instruments = sys.modules.get("retold.exporters._instruments")
    if instruments is not None:
        for provider in instruments.Instruments.telling():
            yield from readers_of(provider)

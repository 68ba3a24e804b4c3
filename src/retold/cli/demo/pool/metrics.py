"""The metrics of all processes of a run, in one `/metrics`: by the multiprocess mode of `prometheus_client`.

The client decides when it is imported, by a variable of the environment, whether a process keeps its metrics in memory
or in files that are added up. So this module must not import it before `share` or `keep` has been called.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

FOLDER = "metrics"
"""The folder, in that of the run. It is there as long as the run lasts."""

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share(folder: Path) -> None:
    """Have this process and those that it starts keep their metrics in this folder, which must come to be."""
    os.environ[_VARIABLE] = str(folder.absolute())


def keep() -> None:
    """Have this process keep its metrics in memory, whatever the environment says."""
    os.environ.pop(_VARIABLE, None)


def registry() -> CollectorRegistry:
    """The registry that has the metrics of the run; the folder must be there."""
    from prometheus_client import REGISTRY, CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    if _VARIABLE not in os.environ:
        return REGISTRY
    merged = CollectorRegistry()
    MultiProcessCollector(merged)  # type: ignore[no-untyped-call]
    return merged

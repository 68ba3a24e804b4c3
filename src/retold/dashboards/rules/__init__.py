"""The rules for Prometheus, and the runbooks that alerts lead to."""

from __future__ import annotations

from retold.dashboards.options import Options


def rules(options: Options) -> dict[str, str]:
    """The rules' and runbooks' files by path."""
    return {}

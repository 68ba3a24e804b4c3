"""The dashboards for Grafana."""

from __future__ import annotations

from retold.dashboards.options import Options


def boards(options: Options) -> dict[str, str]:
    """The boards' files by path, as JSON that Grafana loads."""
    return {}

"""Which files there are, and what is in each."""

from __future__ import annotations

from retold.dashboards.boards import boards
from retold.dashboards.options import Options
from retold.dashboards.rules import rules


def files(options: Options | None = None) -> dict[str, str]:
    """All files by their path below the folder that they are written to."""
    options = options or Options()
    return boards(options) | rules(options)

"""Dashboards, rules and runbooks for what Retold tells, as values that are written to files."""

from __future__ import annotations

from retold.dashboards.files import files
from retold.dashboards.options import Options

__all__ = ["Options", "files"]

"""The programs that platforms check their rules with, real ones."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.services.needs import need


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool; without it the test is skipped or fails, as `need` does."""
    return _run(need("promtool", "prometheus"), *arguments)


def vmalert(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run vmalert, as above."""
    return _run(need("vmalert", "victoria-metrics"), *arguments)


def amtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run amtool, as above."""
    return _run(need("amtool", "prometheus-alertmanager"), *arguments)


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, check=False)

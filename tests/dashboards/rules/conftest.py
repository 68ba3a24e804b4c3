"""Which of the tests of rules are run."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Mutants are for whoever changes a rule or its cases: they take two minutes, and are about the tests alone."""
    return True if collection_path.name == "test_mutants.py" and not config.getoption("--mutants") else None

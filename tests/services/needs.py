"""What a test does when a program that it needs is not installed."""

import os
import shutil
from pathlib import Path

import pytest

_VENV = Path(__file__).parents[2] / ".venv-services"
"""Where `scripts/test.sh` installs programs that are written in Python but cannot share an environment with us."""


def need(binary: str, package: str, remedy: str = "apt-get install {}", beside: Path = _VENV / "bin") -> str:
    """Return the path of `binary`, on the path or in the folder `beside`; without it skip the test.

    With RETOLD_REQUIRE_SERVICES=1 in the environment the test fails instead, so that nothing
    goes unchecked unseen. Either says how to have the `package`.
    """
    path = shutil.which(binary) or shutil.which(binary, path=str(beside))
    if path is not None:
        return path
    reason = f"{binary} is not installed: {remedy.format(package)}"
    if os.environ.get("RETOLD_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)

"""What a test does when a program that it needs is not installed."""

import os
import shutil

import pytest


def need(binary: str, package: str) -> str:
    """Return the path of `binary`; without it skip the test, and say which Debian `package` has it.

    With RETOLD_REQUIRE_SERVICES=1 in the environment the test fails instead, so that nothing
    goes unchecked unseen.
    """
    path = shutil.which(binary)
    if path is not None:
        return path
    reason = f"{binary} is not installed: apt-get install {package}"
    if os.environ.get("RETOLD_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)

"""What several tests of runners begin with."""

import pytest

from tests.runners.stepping import Attempts, Begin


@pytest.fixture(params=[iter, aiter], ids=["for", "async-for"])
def begin(request: pytest.FixtureRequest) -> Begin:
    """Both kinds of loop."""
    return lambda policy: Attempts(request.param(policy))

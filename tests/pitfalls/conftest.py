"""What many of the statements begin with."""

import pytest

from tests.forms import LIMITING_FORMS, Form
from tests.looping import LIBRARIES, Library
from tests.runners.stepping import Attempts, Begin


@pytest.fixture(params=LIBRARIES, ids=str)
def library(request: pytest.FixtureRequest) -> Library:
    """asyncio and trio, whose time jumps from wait to wait."""
    made: Library = request.param
    return made


@pytest.fixture(params=LIMITING_FORMS, ids=str)
def limiting(request: pytest.FixtureRequest) -> Form:
    """The forms that can cut an attempt short."""
    made: Form = request.param
    return made


@pytest.fixture(params=[iter, aiter], ids=["for", "async-for"])
def begin(request: pytest.FixtureRequest) -> Begin:
    """Both kinds of loop."""
    return lambda policy: Attempts(request.param(policy))

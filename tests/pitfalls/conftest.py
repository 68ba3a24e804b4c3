"""What the statements about async code begin with."""

import pytest

from tests.forms import LIMITING_FORMS, Form
from tests.looping import LIBRARIES, Library


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

"""What every test starts from: no exporters, an empty journal, no warning given yet."""

from collections.abc import Iterator

import pytest

import retold
from retold import naming, wrapper
from retold.journal import JOURNAL
from retold.runners import audience, nested, running, sync
from retold.testing import ManualClock, MemoryExporter
from tests.forms import ASYNC_FORMS, BLOCKS, FORMS, FUNCTIONS, SYNC_FORMS, Form

pytest_plugins = ["pytester", "tests.services.fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--any-signature",
        action="store_true",
        help="have wrappers take *args and **kwargs, as they do where a function's signature cannot be read",
    )
    parser.addoption(
        "--mutants", action="store_true", help="also break every alert and recorded series, and see the tests find it"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--any-signature"):
        wrapper.SAME_SIGNATURE = False  # before test modules are imported, which decorate


@pytest.fixture(autouse=True)
def _isolated() -> Iterator[None]:
    JOURNAL.forget()
    running.asked = False
    running._blocks.clear()
    naming._blocks.clear()
    naming._warned.clear()
    sync._warned.clear()
    nested._warned.clear()
    nested._retried.clear()
    audience._last_logged.clear()
    with retold.configure(exporters=[]):
        yield


@pytest.fixture
def clock() -> ManualClock:
    """Time that passes only by waiting."""
    return ManualClock()


@pytest.fixture
def seen() -> Iterator[MemoryExporter]:
    """What exporters are told in this test."""
    memory = MemoryExporter()
    with retold.configure(exporters=[memory]):
        yield memory


@pytest.fixture(params=FORMS, ids=str)
def form(request: pytest.FixtureRequest) -> Form:
    """Every form of a policy in turn."""
    made: Form = request.param
    return made


@pytest.fixture(params=FUNCTIONS, ids=str)
def function_form(request: pytest.FixtureRequest) -> Form:
    """Every form that is given a function, and so can have a fallback."""
    made: Form = request.param
    return made


@pytest.fixture(params=BLOCKS, ids=str)
def block_form(request: pytest.FixtureRequest) -> Form:
    """The block forms."""
    made: Form = request.param
    return made


@pytest.fixture(params=SYNC_FORMS, ids=str)
def sync_form(request: pytest.FixtureRequest) -> Form:
    """The forms that block their thread."""
    made: Form = request.param
    return made


@pytest.fixture(params=ASYNC_FORMS, ids=str)
def async_form(request: pytest.FixtureRequest) -> Form:
    """The forms that await."""
    made: Form = request.param
    return made

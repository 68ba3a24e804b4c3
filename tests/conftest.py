"""What every test starts from: no exporters, an empty journal, no warning given yet."""

import gc
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import settings

import retold
from retold import naming, wrapper
from retold.journal import JOURNAL
from retold.runners import audience, nested, running, sync
from retold.testing import ManualClock, MemoryExporter
from tests.forms import ASYNC_FORMS, BLOCKS, FORMS, FUNCTIONS, LIMITING_FORMS, SYNC_FORMS
from tests.looping import LIBRARIES
from tests.runners.stepping import Attempts, Begin

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
    parser.addoption("--ends", type=int, default=12, help="how many demos get a signal at a random moment (12)")
    parser.addoption("--ends-seed", type=int, default=7, help="decides at which moments (7)")


# Examples are the same in every run, and may take as long as they do: neither luck nor load decides.
settings.register_profile("retold", derandomize=True, deadline=None)
settings.load_profile("retold")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--any-signature"):
        wrapper.SAME_SIGNATURE = False  # before test modules are imported, which decorate


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Where several processes share the tests, those that take longest are not to begin when all others are over.
    if hasattr(config, "workerinput"):
        items.sort(key=_seconds, reverse=True)


def _seconds(item: pytest.Item) -> float:
    """How long the module of a test takes, if that was thought to be worth saying."""
    marker = item.get_closest_marker("takes")
    return 0.0 if marker is None else float(marker.kwargs["seconds"])


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    # What there is now stays to the end: else all of it would be looked through whenever a test collects garbage, which
    # takes far longer than looking at what the test has made.
    gc.collect()
    gc.freeze()
    try:
        return (yield)
    finally:
        gc.unfreeze()


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


@pytest.fixture
def no_garbage_collector() -> Iterator[None]:
    """Only reference counting frees."""
    gc.disable()
    yield
    gc.enable()


def _in_turn(request: pytest.FixtureRequest) -> Any:
    return request.param


form = pytest.fixture(_in_turn, params=FORMS, ids=str, name="form")
"""Every form of a policy."""
function_form = pytest.fixture(_in_turn, params=FUNCTIONS, ids=str, name="function_form")
"""The forms that are given a function, and so can have a fallback."""
block_form = pytest.fixture(_in_turn, params=BLOCKS, ids=str, name="block_form")
"""The block forms."""
sync_form = pytest.fixture(_in_turn, params=SYNC_FORMS, ids=str, name="sync_form")
"""The forms that block their thread."""
async_form = pytest.fixture(_in_turn, params=ASYNC_FORMS, ids=str, name="async_form")
"""The forms that await."""
limiting = pytest.fixture(_in_turn, params=LIMITING_FORMS, ids=str, name="limiting")
"""The forms that can cut an attempt short."""
library = pytest.fixture(_in_turn, params=LIBRARIES, ids=str, name="library")
"""asyncio and trio, whose time jumps from wait to wait."""


@pytest.fixture(params=[iter, aiter], ids=["for", "async-for"])
def begin(request: pytest.FixtureRequest) -> Begin:
    """Both kinds of loop."""
    return lambda policy: Attempts(request.param(policy))

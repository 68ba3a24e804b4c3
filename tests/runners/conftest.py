"""What several tests of runners begin with."""

from collections.abc import Iterator

import pytest

import retold
from retold.testing import MemoryExporter
from tests.runners import everybody


@pytest.fixture
def unkept_lines() -> Iterator[None]:
    """Log lines are made and dropped."""
    with everybody.unkept_lines():
        yield


@pytest.fixture
def journaling() -> Iterator[None]:
    """Have calls write the journal."""

    class Reader(MemoryExporter):
        reads_journal = True

    with retold.configure(exporters=[Reader()]):
        yield


@pytest.fixture(params=["nobody", "everybody", *everybody.EXPORTERS])
def listening(request: pytest.FixtureRequest) -> None:
    """Nobody, one exporter, or all of them."""
    names = {"nobody": (), "everybody": everybody.EXPORTERS}.get(request.param, (request.param,))
    retold.configure(exporters=[everybody.EXPORTERS[name]() for name in names])

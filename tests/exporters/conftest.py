"""Backends that keep what they are given."""

from collections.abc import Iterator

import pytest
from opentelemetry import trace

import retold
from tests.exporters.sdk import Sdk


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    """A real SDK, told of every call of the test."""
    made = Sdk()
    with retold.configure(exporters=[made.exporter()]):
        yield made
    made.close()


@pytest.fixture(autouse=True)
def _nothing_stays_attached() -> Iterator[None]:
    yield
    assert trace.get_current_span() is trace.INVALID_SPAN

"""The pytest plugin of Retold: fixtures for the tests of whoever uses it.

Outside of the package, so that pytest, which loads this at its start, does not import `retold`: that happens when a
test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from retold.testing import ManualClock, MemoryExporter


@pytest.fixture
def retold_clock(request: pytest.FixtureRequest) -> Iterator[ManualClock]:
    """A `retold.testing.ManualClock`, on which all policies wait that were not given another, in this test's context.

    Waits are over at once and kept in `waits`; with `retold_clock.hold = True` they last until `retold_clock.advance`.
    """
    from unittest import IsolatedAsyncioTestCase

    from retold.testing import ManualClock
    from retold.testing.scoped import within

    test = request.node
    with ManualClock() as clock:
        if not isinstance(test, pytest.Function):
            yield clock
            return
        # Some plugins run async tests in the context of an earlier fixture, where nothing is known of this one.
        function, test.obj = test.obj, within(clock)(test.obj)
        case = test.instance
        if isinstance(case, IsolatedAsyncioTestCase):  # which runs its own method, in its own context
            setattr(case, test.name, test.obj)
        yield clock
        test.obj = function


@pytest.fixture
def retold_events() -> Iterator[MemoryExporter]:
    """A `retold.testing.MemoryExporter`, told of all calls of this process during this test, as the others are."""
    import retold
    from retold.settings import exporters_now
    from retold.testing import MemoryExporter

    memory = MemoryExporter()
    with retold.configure(exporters=[*exporters_now(), memory]):
        yield memory

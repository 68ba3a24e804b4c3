"""A clock for each test: the demo's own, once stopped, stays so."""

import asyncio

import pytest

from retold.cli.demo.clock import CLOCK, StoppableClock
from retold.cli.demo.pool import pool


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppableClock:
    clock = StoppableClock()
    monkeypatch.setattr(pool, "CLOCK", clock)
    # That of the policy, whose event belongs to the loop in which it was waited for first.
    monkeypatch.setattr(CLOCK, "_stopped_async", asyncio.Event())
    return clock

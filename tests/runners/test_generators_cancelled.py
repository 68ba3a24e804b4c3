"""Async generators whose consumer is cancelled, under asyncio and trio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from retold import Outcome, Policy
from retold.testing import MemoryExporter


def pages(hang_in: str, sleep_forever: Any) -> Any:
    """An async generator function that never gets further than its first item, in an attempt or in a wait."""

    @Policy(on=OSError, attempts=2, backoff=3600, operation="shop.pages", generator="restart")
    async def generated() -> AsyncIterator[int]:
        yield 1
        if hang_in == "attempt":
            await sleep_forever()
        raise OSError

    return generated


EXPECTED = {"attempt": (Outcome.CANCELLED, 1, ["cancelled"]), "wait": (Outcome.CANCELLED, 1, ["error"])}


def told(seen: MemoryExporter) -> tuple[Outcome, int, list[str]]:
    [call] = seen.calls
    return call.outcome, call.attempts, [attempt.outcome.value for attempt in seen.attempts]


@pytest.mark.parametrize("hang_in", ["attempt", "wait"])
def test_cancelled_by_asyncio(hang_in: str, seen: MemoryExporter) -> None:
    async def main() -> None:
        async with asyncio.timeout(0.05):
            async for _ in pages(hang_in, asyncio.Event().wait)():
                pass

    with pytest.raises(TimeoutError):
        asyncio.run(main())

    assert told(seen) == EXPECTED[hang_in]


@pytest.mark.parametrize("hang_in", ["attempt", "wait"])
def test_cancelled_by_trio(hang_in: str, seen: MemoryExporter) -> None:
    async def main() -> None:
        with trio.move_on_after(0.05) as scope:
            async for _ in pages(hang_in, trio.sleep_forever)():
                pass
        assert scope.cancelled_caught

    trio.run(main)

    assert told(seen) == EXPECTED[hang_in]

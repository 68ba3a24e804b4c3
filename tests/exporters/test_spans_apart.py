"""Spans of tasks side by side, and of blocks that are left in another context than they were entered in."""

import asyncio
import contextvars
import logging
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from opentelemetry import trace

from retold import Policy
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, attributes, parent_id, span_id
from tests.forms import Form


def policy(clock: ManualClock, operation: str = "shop.fetch") -> Policy[Any]:
    return Policy(on=OSError, backoff=1, operation=operation, clock=clock)


async def test_tasks_side_by_side_do_not_mix_their_spans(sdk: Sdk, async_form: Form, clock: ManualClock) -> None:
    barrier = asyncio.Barrier(3)

    async def one(name: str) -> None:
        runs = 0

        async def work() -> None:
            nonlocal runs
            runs += 1
            await barrier.wait()
            with sdk.tracer.start_as_current_span(f"GET {name}"):
                await barrier.wait()
            if runs == 1:
                raise OSError

        await async_form.awaiting(policy(clock, operation=name), work)

    await asyncio.gather(one("a"), one("b"), one("c"))

    by_id = {span_id(span): span for span in sdk.spans}
    for name in "abc":
        gets = [span for span in sdk.spans if span.name == f"GET {name}"]
        chain = [by_id[parent_id(span) or 0] for span in gets]
        assert [(span.name, attributes(span)["retold.attempt.number"]) for span in chain] == [
            (f"attempt {name}", 1),
            (f"attempt {name}", 2),
        ]
        assert {parent_id(span) for span in chain} == {span_id(sdk.span(name))}


def test_a_block_that_is_left_by_close_in_another_context_logs_no_failed_detach(
    sdk: Sdk, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    def pages() -> Generator[int, None, None]:
        for attempt in policy(clock):
            with attempt:
                yield attempt.number

    generator = pages()
    contextvars.copy_context().run(next, generator)

    with caplog.at_level(logging.DEBUG):
        generator.close()

    assert "detach" not in caplog.text
    assert {attributes(span).get("retold.outcome") for span in sdk.calls()} <= {"cancelled", "aborted"}
    assert len(sdk.spans) == 2
    assert trace.get_current_span() is trace.INVALID_SPAN


async def test_an_async_block_that_is_closed_by_another_task_logs_no_failed_detach(
    sdk: Sdk, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def pages() -> AsyncGenerator[int, None]:
        async for attempt in policy(clock):
            with attempt:
                yield attempt.number

    generator = pages()

    async def first() -> int:
        return await anext(generator)

    async def last() -> None:
        await generator.aclose()

    assert await asyncio.create_task(first()) == 1
    with caplog.at_level(logging.DEBUG):
        await asyncio.create_task(last())

    assert "detach" not in caplog.text
    assert len(sdk.spans) == 2
    assert trace.get_current_span() is trace.INVALID_SPAN

"""Spans of tasks side by side, and of blocks that are left in another context than they were entered in."""

import asyncio
import contextvars
import itertools
import logging
import threading
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import baggage, context, trace

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


async def test_nor_does_one_that_is_closed_by_a_task_which_was_started_inside_of_it(
    sdk: Sdk, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def pages() -> AsyncGenerator[int, None]:
        async for attempt in policy(clock):
            with attempt:
                yield attempt.number

    async def first_and_last() -> None:
        generator = pages()
        await anext(generator)  # what is current here now, the other task has in a copy
        with caplog.at_level(logging.DEBUG):
            await asyncio.create_task(generator.aclose())

    await asyncio.create_task(first_and_last())

    assert "detach" not in caplog.text
    assert len(sdk.spans) == 2


def test_threads_do_not_mix_their_spans(sdk: Sdk, sync_form: Form, clock: ManualClock) -> None:
    barrier = threading.Barrier(4)

    def one(name: str) -> None:
        runs = itertools.count(1)

        def work() -> None:
            barrier.wait(10)
            with sdk.tracer.start_as_current_span(f"GET {name}"):
                barrier.wait(10)
            if next(runs) == 1:
                raise OSError

        sync_form.perform(policy(clock, operation=name), work)
        assert trace.get_current_span() is trace.INVALID_SPAN

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, "abcd"))

    by_id = {span_id(span): span for span in sdk.spans}
    for name in "abcd":
        parents = [by_id[parent_id(span) or 0] for span in sdk.spans if span.name == f"GET {name}"]
        assert [(span.name, attributes(span)["retold.attempt.number"]) for span in parents] == [
            (f"attempt {name}", 1),
            (f"attempt {name}", 2),
        ]
        assert parent_id(sdk.span(name)) is None


def test_a_call_in_a_copied_context_hangs_below_the_span_of_the_copy(
    sdk: Sdk, sync_form: Form, clock: ManualClock
) -> None:
    with sdk.tracer.start_as_current_span("order") as order:
        copied = contextvars.copy_context()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(copied.run, sync_form.perform, policy(clock), lambda: "page").result()

    assert parent_id(sdk.span("shop.fetch")) == order.get_span_context().span_id
    assert copied.run(trace.get_current_span) is order


async def test_a_task_that_outlives_its_attempt_stays_below_it(sdk: Sdk, async_form: Form, clock: ManualClock) -> None:
    started: list[asyncio.Task[None]] = []
    over = asyncio.Event()

    async def later() -> None:
        await over.wait()
        sdk.tracer.start_span("later").end()

    async def work() -> None:
        started.append(asyncio.create_task(later()))
        if len(started) == 1:
            raise OSError

    await async_form.awaiting(policy(clock), work)
    over.set()
    await asyncio.gather(*started)

    parents = [parent_id(span) for span in sdk.spans if span.name == "later"]
    assert sorted(map(str, parents)) == sorted(str(span_id(span)) for span in sdk.attempts())


def test_a_parent_that_is_given_explicitly_is_the_parent(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    elsewhere = sdk.tracer.start_span("elsewhere")

    with trace.use_span(elsewhere):
        form.perform(policy(clock), lambda: sdk.tracer.start_span("GET", context=context.Context()).end())

    assert parent_id(sdk.span("shop.fetch")) == elsewhere.get_span_context().span_id
    assert parent_id(sdk.span("GET")) is None


def test_baggage_of_the_caller_is_seen_in_every_attempt_and_after(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    seen: list[object] = []

    def work() -> None:
        seen.append(baggage.get_baggage("tenant"))
        if len(seen) == 1:
            raise OSError

    token = context.attach(baggage.set_baggage("tenant", "a"))
    form.perform(policy(clock), work)
    assert baggage.get_baggage("tenant") == "a"
    context.detach(token)

    assert seen == ["a", "a"]


def test_a_context_that_the_function_leaves_attached_is_not_torn_away(sdk: Sdk, clock: ManualClock) -> None:
    before = context.get_current()

    def forgetful() -> None:
        context.attach(context.set_value("shop", "left"))

    def surrounded() -> object:
        policy(clock).call(forgetful)
        return context.get_value("shop")

    assert contextvars.copy_context().run(surrounded) == "left"
    assert context.get_current() is before
    assert len(sdk.spans) == 2


def test_a_generator_that_is_dropped_in_another_context_ends_its_spans(
    sdk: Sdk, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    def pages() -> Generator[int, None, None]:
        for attempt in policy(clock):
            with attempt:
                yield attempt.number

    generators = [pages()]
    contextvars.copy_context().run(next, generators[0])

    with caplog.at_level(logging.DEBUG):
        contextvars.Context().run(generators.clear)

    assert "detach" not in caplog.text
    assert len(sdk.spans) == 2
    assert trace.get_current_span() is trace.INVALID_SPAN

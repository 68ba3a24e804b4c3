"""The spans of generators: an attempt's is current in each of its steps, and never between them."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import context, trace

import retold
from retold import Policy
from retold.exporters.opentelemetry import OpenTelemetry
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, parent_id, span_id
from tests.iterations import Iteration, Runs

KINDS = pytest.mark.parametrize("kind", ["sync", "async"])


def current() -> int:
    """The id of the current span; 0 without one."""
    return trace.get_current_span().get_span_context().span_id


def policy(mode: Any = "restart", **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "backoff": 1, "operation": "shop.pages", "clock": ManualClock()}
    return Policy(**given | {"generator": mode} | options)


@KINDS
def test_the_attempt_s_span_is_current_in_each_step_and_the_consumer_s_between(kind: str, sdk: Sdk) -> None:
    seen: list[int] = []
    runs = Runs([1, 2, OSError()], [1])
    function = policy()(runs.function(kind, each=lambda _: seen.append(current())))
    with sdk.tracer.start_as_current_span("GET /pages") as outer:
        before = context.get_current()
        iteration = Iteration(function())
        for _ in range(3):
            iteration.send()
            assert context.get_current() is before
        iteration.items()
        assert context.get_current() is before

    first, second = sdk.attempts()
    call = sdk.span("shop.pages")
    assert seen == [span_id(first), span_id(first), span_id(second)]
    assert parent_id(first) == parent_id(second) == span_id(call)
    assert parent_id(call) == outer.get_span_context().span_id
    assert call.attributes is not None
    assert call.attributes["retold.attempt.count"] == 2


@KINDS
def test_after_the_first_item_an_opened_generator_runs_below_its_consumer(kind: str, sdk: Sdk) -> None:
    seen: list[int] = []
    function = policy("open")(Runs([1, 2]).function(kind, each=lambda _: seen.append(current())))

    assert Iteration(function()).items() == [1, 2]

    [attempt] = sdk.attempts()
    assert seen == [span_id(attempt), 0]


@KINDS
def test_every_step_sees_what_its_consumer_has_set(kind: str, sdk: Sdk) -> None:
    user: contextvars.ContextVar[str] = contextvars.ContextVar("user")
    seen: list[str] = []
    iteration = Iteration(policy()(Runs([1, 2]).function(kind, each=lambda _: seen.append(user.get())))())

    for name in ("ann", "ben"):
        user.set(name)
        iteration.send()
    iteration.close()

    assert seen == ["ann", "ben"]


def test_a_span_that_the_generator_has_open_is_current_in_its_steps_alone(sdk: Sdk) -> None:
    inner: list[int] = []

    def generated() -> Iterator[int]:
        with sdk.tracer.start_as_current_span("read"):
            for page in range(2):
                inner.append(current())
                yield page

    for _ in policy()(generated)():
        assert current() == 0

    assert inner == [span_id(sdk.span("read"))] * 2
    assert parent_id(sdk.span("read")) == span_id(sdk.attempts()[0])


def test_an_async_generator_that_another_task_ends_leaves_no_context_behind(
    sdk: Sdk, caplog: pytest.LogCaptureFixture
) -> None:
    function = policy()(Runs([1, OSError()], [2]).function("async"))

    async def step(iteration: Any) -> tuple[int, int]:
        before = current()
        assert before == 0
        return await iteration.__anext__(), current()

    async def main() -> None:
        iteration = function()
        assert await asyncio.create_task(step(iteration)) == (1, 0)
        assert await asyncio.create_task(step(iteration)) == (2, 0)
        await asyncio.create_task(iteration.aclose())
        assert current() == 0

    with caplog.at_level(logging.INFO):
        asyncio.run(main())

    assert caplog.records == []
    assert [span.name for span in sdk.spans] == ["shop.pages", "attempt shop.pages", "attempt shop.pages"]


@KINDS
def test_where_nothing_has_ever_been_current_nothing_is_between_the_steps(kind: str) -> None:
    sdk = Sdk()
    with retold.configure(exporters=[OpenTelemetry(tracer_provider=sdk.tracers, metrics=False)]):
        iteration = contextvars.Context().run(lambda: Iteration(policy()(Runs([1]).function(kind))()))
        empty = contextvars.Context()

        assert empty.run(iteration.send) == 1
        assert empty.run(current) == 0
        empty.run(iteration.close)

    assert len(sdk.spans) == 2

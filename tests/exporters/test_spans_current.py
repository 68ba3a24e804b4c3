"""Which span is current while what runs: the attempt's in the function, the call's in the policy, none in a wait."""

import asyncio
import contextvars
import logging
import time
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from opentelemetry import context, trace

import retold
from retold import Policy
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, attributes, parent_id, span_id
from tests.forms import ASYNC_BLOCK, BLOCK, Failing, Form


def current() -> int:
    """The id of the current span; 0 without one."""
    return trace.get_current_span().get_span_context().span_id


class WatchingClock(ManualClock):
    """Also keeps the span and the context that are current in every wait, and when it was."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[int] = []
        self.contexts: list[context.Context] = []
        self.times: list[int] = []

    def sleep(self, seconds: float, /) -> None:
        self.times.append(time.time_ns())
        self.spans.append(current())
        self.contexts.append(context.get_current())
        super().sleep(seconds)


@pytest.fixture
def clock() -> WatchingClock:
    return WatchingClock()


def policy(clock: ManualClock, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "attempts": 3, "backoff": 1, "operation": "shop.fetch", "clock": clock}
    return Policy(**given | options)


def test_the_attempt_s_span_is_current_while_the_function_runs(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    seen: list[int] = []

    def work() -> str:
        seen.append(current())
        if len(seen) < 3:
            raise OSError
        return "page"

    form.perform(policy(clock), work)

    assert seen == [span_id(span) for span in sdk.attempts()]
    assert len(seen) == 3


async def test_it_stays_current_over_an_await(sdk: Sdk, async_form: Form, clock: WatchingClock) -> None:
    seen: list[int] = []

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(current())

    await async_form.awaiting(policy(clock), work)

    assert seen == [span_id(sdk.span("attempt shop.fetch"))]


def test_a_span_made_inside_nests_under_its_attempt(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    def work() -> str:
        with sdk.tracer.start_as_current_span("GET"):
            if len(sdk.attempts()) < 1:
                raise OSError
        return "page"

    form.perform(policy(clock), work)

    parents = [parent_id(span) for span in sdk.spans if span.name == "GET"]
    assert parents == [span_id(span) for span in sdk.attempts()]
    assert len(parents) == 2


def test_the_call_s_span_is_current_in_the_policy_s_own_callables(
    sdk: Sdk, function_form: Form, clock: WatchingClock
) -> None:
    seen: dict[str, int] = {}

    def told(name: str, answer: Any) -> Any:
        seen[name] = current()
        return answer

    work = Failing(OSError)
    function_form.perform(
        policy(
            clock,
            attempts=2,
            on=lambda _: told("on", True),
            backoff=lambda _: told("backoff", 1.0),
            hint=lambda _: told("hint", None),
            fallback=lambda _: told("fallback", "none"),
        ),
        work,
    )

    assert seen == dict.fromkeys(["on", "hint", "backoff", "fallback"], span_id(sdk.span("shop.fetch")))


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a span"])
def test_nothing_is_attached_after_the_call_or_in_a_wait(
    sdk: Sdk, sync_form: Form, clock: WatchingClock, *, inside: bool
) -> None:
    token = context.attach(context.set_value("shop", inside))
    before = context.get_current()

    with pytest.raises(OSError):
        sync_form.perform(policy(clock), Failing(OSError))

    assert context.get_current() is before
    assert [each is before for each in clock.contexts] == [True, True]
    context.detach(token)


async def test_nothing_is_attached_after_an_async_call_or_in_its_wait(
    sdk: Sdk, async_form: Form, clock: WatchingClock
) -> None:
    async def work() -> None:
        raise OSError

    with sdk.tracer.start_as_current_span("order") as order:
        before = context.get_current()
        with pytest.raises(OSError):
            await async_form.awaiting(policy(clock), work)
        assert context.get_current() is before

    assert clock.spans == [order.get_span_context().span_id] * 2
    assert all(each is before for each in clock.contexts)


def test_attempts_beyond_the_cap_run_under_the_call_s_span(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    seen: list[int] = []

    def work() -> None:
        seen.append(current())
        raise OSError

    with pytest.raises(OSError):
        form.perform(policy(clock, attempts=34), work)

    assert seen[32:] == [span_id(sdk.span("shop.fetch"))] * 2
    assert current() == 0


def test_two_exporters_leave_nothing_attached(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    other = Sdk()

    with retold.configure(exporters=[sdk.exporter(), other.exporter()]):
        form.perform(policy(clock), Failing(OSError, "page"))

    assert clock.spans == [0]
    assert current() == 0
    assert len(sdk.spans) == len(other.spans) == 3
    other.close()


def test_waits_lie_between_attempts(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    with pytest.raises(OSError):
        form.perform(policy(clock), Failing(OSError))

    first, second, third = [(span.start_time or 0, span.end_time or 0) for span in sdk.attempts()]
    one, two = clock.times
    assert first[0] <= first[1] <= one <= second[0] <= second[1] <= two <= third[0] <= third[1]
    call = sdk.span("shop.fetch")
    assert (call.start_time or 0) <= first[0] <= third[1] <= (call.end_time or 0)


def test_nested_calls_nest_their_spans(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    inner = policy(clock, operation="inner", attempts=2)
    outer = policy(clock, operation="outer", attempts=2)

    with pytest.raises(OSError):
        outer.call(lambda: form.perform(inner, Failing(OSError)))

    attempts_of_outer = [span for span in sdk.attempts() if span.name == "attempt outer"]
    calls_of_inner = [span for span in sdk.calls() if span.name == "inner"]
    assert [parent_id(span) for span in calls_of_inner] == [span_id(span) for span in attempts_of_outer]
    assert len(sdk.spans) == 1 + 2 + 2 + 4
    assert clock.spans[0] == span_id(attempts_of_outer[0])
    assert current() == 0


async def test_tasks_side_by_side_do_not_mix_their_spans(sdk: Sdk, async_form: Form, clock: WatchingClock) -> None:
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
    sdk: Sdk, clock: WatchingClock, caplog: pytest.LogCaptureFixture
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
    assert current() == 0


async def test_an_async_block_that_is_closed_by_another_task_logs_no_failed_detach(
    sdk: Sdk, clock: WatchingClock, caplog: pytest.LogCaptureFixture
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
    assert current() == 0


@pytest.mark.parametrize("form", [BLOCK, ASYNC_BLOCK], ids=str)
def test_a_result_of_a_block_is_handed_over_in_its_attempt(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    with pytest.raises(retold.RejectedResult):
        form.perform(policy(clock, on_result=lambda _: True), Failing("page"))

    assert [attributes(span)["retold.attempt.outcome"] for span in sdk.attempts()] == ["rejected"] * 3
    assert len(sdk.calls()) == 1

"""Under trio: waits are trio's own, cancellation passes, and the spans of tasks do not mix."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import trio
from opentelemetry import trace
from trio.testing import MockClock

import retold
from retold import Outcome, Policy
from retold.testing import MemoryExporter
from tests.exporters.sdk import Sdk, attributes
from tests.forms import Failing, Form


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    made = Sdk()
    with retold.configure(exporters=[made.exporter()]):
        yield made
    made.close()


def run(function: Any, *arguments: Any) -> Any:
    """Run it where time jumps to the next wait's end."""
    return trio.run(function, *arguments, clock=MockClock(autojump_threshold=0))


def test_waits_are_trio_s(async_form: Form, seen: MemoryExporter) -> None:
    work = Failing(OSError, OSError, "value")

    async def main() -> tuple[Any, float]:
        async def awaited() -> Any:
            await trio.sleep(1)
            return work()

        began = trio.current_time()
        value = await async_form.awaiting(Policy(on=OSError, backoff=[3600, 1e12]), awaited)
        return value, trio.current_time() - began

    assert run(main) == ("value", pytest.approx(3 + 3600 + 1e9))
    assert [retry.delay for retry in seen.retries] == [3600, 1e12]


def test_a_wait_of_no_time_gives_the_other_tasks_a_turn(async_form: Form) -> None:
    turns: list[str] = []

    async def other() -> None:
        turns.append("other")

    async def main() -> None:
        async def awaited() -> None:
            if not turns:
                raise OSError

        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            await async_form.awaiting(Policy(on=OSError, attempts=100, backoff=0), awaited)

    run(main)

    assert turns == ["other"]


@pytest.mark.parametrize(("where", "attempts"), [("attempt", ["cancelled"]), ("wait", ["error"])])
def test_cancellation_ends_the_call_and_its_spans(async_form: Form, sdk: Sdk, where: str, attempts: list[str]) -> None:
    async def main() -> bool:
        async def awaited() -> None:
            if where == "wait":
                raise OSError
            await trio.sleep_forever()

        with trio.move_on_after(5) as scope:
            await async_form.awaiting(Policy(on=BaseException, backoff=3600, operation="shop.fetch"), awaited)
        return scope.cancelled_caught

    assert run(main)
    outcomes = [attributes(span)["retold.attempt.outcome"] for span in sdk.spans if span.name.startswith("attempt")]
    assert outcomes == attempts
    [call] = [span for span in sdk.spans if span.name == "shop.fetch"]
    assert attributes(call)["retold.outcome"] == Outcome.CANCELLED


def test_the_spans_of_tasks_do_not_mix(async_form: Form, sdk: Sdk) -> None:
    tracer = sdk.tracers.get_tracer("shop")

    async def fetch(number: int) -> None:
        work = Failing(OSError, "value")

        async def awaited() -> Any:
            await trio.sleep(number)
            with tracer.start_as_current_span(f"inner {number}"):
                return work()

        await async_form.awaiting(Policy(on=OSError, backoff=number, operation=f"shop.{number}"), awaited)
        assert trace.get_current_span() is trace.INVALID_SPAN

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(1, 6):
                nursery.start_soon(partial(fetch, number))

    run(main)

    names = {span.context.span_id: span.name for span in sdk.spans if span.context is not None}
    for span in sdk.spans:
        if span.name.startswith("inner"):
            assert span.parent is not None
            assert names[span.parent.span_id] == f"attempt shop.{span.name.split()[1]}"
    assert len(sdk.spans) == 5 * (1 + 2 + 2)

"""Cancellation and control flow: statements 27 to 29."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from opentelemetry.trace import NoOpTracerProvider

import retold
from retold import Outcome, Policy, on
from retold.exporters.opentelemetry import OpenTelemetry
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk, attributes
from tests.forms import Failing, Form
from tests.looping import ASYNCIO, TRIO, Library
from tests.pitfalls.tasks import cancelled_after
from tests.readings import collected_by

EVERYTHING: list[Any] = [BaseException, on.not_(KeyError), lambda error: True, (Exception, BaseException)]
HOUR = 3600.0


@pytest.mark.parametrize("what", EVERYTHING, ids=["BaseException", "not-KeyError", "predicate", "tuple"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError])
def test_27_what_ends_programs_and_tasks_is_never_retried(
    kind: type[BaseException], what: Any, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    error = kind()

    with pytest.raises(kind) as raised:
        form.perform(Policy(on=what, clock=clock), Failing(error))

    assert raised.value is error
    assert clock.waits == []
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.CANCELLED, 1)


@pytest.mark.parametrize("what", EVERYTHING, ids=["BaseException", "not-KeyError", "predicate", "tuple"])
def test_27_nor_is_a_cancellation_of_either_library(
    what: Any, async_form: Form, library: Library, seen: MemoryExporter
) -> None:
    runs: list[None] = []

    async def work() -> None:
        runs.append(None)
        await library.sleep(HOUR)

    assert library.run(lambda: cancelled_after(library, 5, lambda: async_form.awaiting(Policy(on=what), work)))

    assert len(runs) == 1
    assert seen.last.outcome is Outcome.CANCELLED


async def by_scope(library: Library, call: Callable[[], Awaitable[Any]]) -> None:
    """`asyncio.timeout`, `trio.move_on_after`."""
    assert await cancelled_after(library, 5, call)


async def by_wait_for(library: Library, call: Callable[[], Awaitable[Any]]) -> None:
    """`asyncio.wait_for`, `trio.fail_after`."""
    if library is ASYNCIO:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call(), 5)
    else:
        with pytest.raises(trio.TooSlowError), trio.fail_after(5):
            await call()


async def by_group(library: Library, call: Callable[[], Awaitable[Any]]) -> None:
    """A task group or nursery in which another task fails."""

    async def fail() -> None:
        await library.sleep(5)
        raise ZeroDivisionError

    async def asyncio_group() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await call()

    async def trio_nursery() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail)
            await call()

    with pytest.raises(ExceptionGroup) as raised:
        await (asyncio_group if library is ASYNCIO else trio_nursery)()
    assert [type(each) for each in raised.value.exceptions] == [ZeroDivisionError]


@pytest.mark.parametrize("cancelled", [by_scope, by_wait_for, by_group])
@pytest.mark.parametrize(("where", "attempts"), [("attempt", ["cancelled"]), ("wait", ["error"])])
def test_28_cancellation_passes_at_once(
    where: str, attempts: list[str], cancelled: Any, async_form: Form, library: Library, seen: MemoryExporter
) -> None:
    async def work() -> None:
        if where == "wait":
            raise OSError
        await library.sleep(HOUR)

    async def main() -> float:
        began = library.now()
        await cancelled(library, lambda: async_form.awaiting(Policy(on=BaseException, backoff=HOUR), work))
        return library.now() - began

    assert library.run(main) == pytest.approx(5)
    assert [attempt.outcome.value for attempt in seen.attempts] == attempts
    assert [call.outcome for call in seen.calls] == [Outcome.CANCELLED]


def assert_all_over(sdk: Sdk) -> None:
    """Every span that was started has ended, and no call is under way."""
    assert len(sdk.spans) == len(sdk.sampler.started)
    assert {attributes(call)["retold.outcome"] for call in sdk.calls()} <= {"cancelled"}
    numbers = collected_by(sdk.reader)
    assert numbers["retold.calls", "shop.fetch", "cancelled", "false"] == 1
    assert not {name for name, *_ in numbers} & {"retold.call.active", "retold.call.waiting"}


@pytest.fixture(params=["always", "on_retry", "off", "metrics alone"])
def sdk(request: pytest.FixtureRequest) -> Any:
    """A real SDK that has spans and metrics, or metrics alone."""
    made = Sdk()
    exporter = OpenTelemetry(tracer_provider=NoOpTracerProvider(), meter_provider=made.meters)
    if request.param != "metrics alone":
        exporter = made.exporter(attempt_spans=request.param)
    with retold.configure(exporters=[exporter]):
        yield made
    made.close()


def test_29_cancelling_a_wait_ends_every_span_and_releases_every_gauge(
    async_form: Form, library: Library, sdk: Sdk
) -> None:
    policy = Policy(on=OSError, backoff=HOUR, operation="shop.fetch")
    waiting: list[float] = []

    async def work() -> None:
        raise OSError

    async def main() -> None:
        async def watch() -> None:
            await library.sleep(1)
            numbers = collected_by(sdk.reader)
            waiting.append(numbers["retold.call.active", "shop.fetch"])
            waiting.append(numbers["retold.call.waiting", "shop.fetch"])

        async def call() -> None:
            if library is TRIO:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(watch)
                    await async_form.awaiting(policy, work)
            else:
                async with asyncio.TaskGroup() as group:
                    group.create_task(watch())
                    await async_form.awaiting(policy, work)

        assert await cancelled_after(library, 5, call)

    library.run(main)

    assert waiting == [1, 1]
    assert_all_over(sdk)


class Interrupted(ManualClock):
    """A clock whose waits are interrupted."""

    def sleep(self, seconds: float, /) -> None:
        raise KeyboardInterrupt


def test_29_so_does_interrupting_it(form: Form, sdk: Sdk) -> None:
    with pytest.raises(KeyboardInterrupt):
        form.perform(Policy(on=OSError, operation="shop.fetch", clock=Interrupted()), Failing(OSError))

    assert_all_over(sdk)

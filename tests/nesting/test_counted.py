"""Calls that retry inside of others that retry are counted, once each, by whoever reads the journal."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Abort, NestedRetryWarning, Policy
from retold.exporters.prometheus import Prometheus
from retold.runners import nested
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk, metrics_of, points_of
from tests.forms import FORMS, Failing, Form
from tests.journal.test_fork import in_child

pytestmark = [
    pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]


def policy(operation: str, attempts: int | None = 3, **options: Any) -> Policy[Any]:
    given = {"on": OSError, "attempts": attempts, "backoff": 0, "operation": operation, "clock": ManualClock()}
    return Policy(**{**given, **options})


class Counted:
    """What the registry says."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.exporter = Prometheus(self.registry)

    def of(self, operation: str) -> float | None:
        return self.registry.get_sample_value("retold_nested_retries_total", {"retold_operation": operation})


@pytest.fixture(params=["alone", "with logging", "with tracing"])
def counted(request: pytest.FixtureRequest) -> Iterator[Counted]:
    """Prometheus, and whoever else is told: calls go on in another way each time."""
    made = Counted()
    others: dict[str, list[Any]] = {"alone": [], "with logging": ["logging"], "with tracing": [MemoryExporter()]}
    with retold.configure(exporters=[made.exporter, *others[request.param]]):
        yield made
    made.exporter.close()


@pytest.mark.parametrize("inner", FORMS, ids=str)
@pytest.mark.parametrize("outer", FORMS, ids=str)
def test_a_call_counts_once_however_often_it_retries(outer: Form, inner: Form, counted: Counted) -> None:
    for _ in range(3):
        outer.perform(policy("order"), lambda: inner.perform(policy("pay"), Failing(OSError, OSError, "paid")))

    assert (counted.of("pay"), counted.of("order")) == (3, 0)


def test_each_call_inside_counts_also_where_the_outer_one_retries(form: Form, counted: Counted) -> None:
    with pytest.raises(OSError):
        form.perform(policy("order", 3), lambda: policy("pay", 4).call(Failing(OSError)))

    assert (counted.of("pay"), counted.of("order")) == (3, 0)


@pytest.mark.parametrize(
    ("attempts", "turns"),
    [((3, 3), ("paid",)), ((1, 3), (OSError, "paid")), ((3, 1), (OSError,)), ((3, 3), (Abort(OSError()),))],
)
def test_what_does_not_multiply_is_not_counted(
    attempts: tuple[int, int], turns: tuple[object, ...], form: Form, counted: Counted
) -> None:
    outer, inner = attempts

    policy("order", outer, on=ValueError).run(lambda: form.perform(policy("pay", inner), Failing(*turns)))

    assert (counted.of("pay"), counted.of("order")) == (0, 0)


def test_a_call_that_retries_alone_is_not_counted(form: Form, counted: Counted) -> None:
    form.perform(policy("pay"), Failing(OSError, "paid"))

    assert counted.of("pay") == 0


def test_what_is_interrupted_in_its_first_wait_has_not_retried(form: Form, counted: Counted) -> None:
    class Interrupting(ManualClock):
        def sleep(self, seconds: float, /) -> None:
            raise KeyboardInterrupt

        async def asleep(self, seconds: float, /) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        policy("order").call(lambda: form.perform(policy("pay", clock=Interrupting()), Failing(OSError)))

    assert counted.of("pay") == 0


def test_generators_are_counted_too(counted: Counted) -> None:
    turns = iter([OSError, None])

    @policy("pages", generator="restart")
    def pages() -> Iterator[int]:
        turn = next(turns)
        if turn is not None:
            raise turn
        yield 1

    policy("order").call(lambda: list(pages()))

    assert counted.of("pages") == 1


def test_a_decorated_function_has_its_counter_at_0(counted: Counted) -> None:
    policy("pay")

    assert counted.of("pay") == 0


def test_every_call_is_seen_whatever_came_before_it(counted: Counted) -> None:
    @policy("pay")
    def pay(turns: Iterator[type[OSError] | None]) -> None:
        turn = next(turns)
        if turn is not None:
            raise turn

    for _ in range(5):
        pay(iter([OSError, None]))  # alone
    for _ in range(7):
        policy("order").call(pay, iter([OSError, None]))

    assert counted.of("pay") == 7


async def test_calls_of_async_functions_are_each_counted(counted: Counted) -> None:
    charge = Failing(*3 * [OSError, "paid"])

    @Policy(on=OSError, backoff=0, operation="pay")
    async def pay() -> str:
        return str(charge())

    @Policy(on=OSError, backoff=0, operation="order")
    async def order() -> str:
        return await pay()

    assert [await order() for _ in range(3)] == 3 * ["paid"]
    assert (counted.of("pay"), counted.of("order")) == (3, 0)


def test_threads_and_tasks_lose_no_count(counted: Counted) -> None:
    def order(_: object) -> None:
        for _ in range(50):
            policy("order").call(policy("pay").call, Failing(OSError, "paid"))

    async def aorder() -> None:
        async def pay(work: Failing) -> Any:
            await asyncio.sleep(0)
            return work()

        for _ in range(50):
            await policy("order").acall(policy("pay").acall, pay, Failing(OSError, "paid"))

    async def side_by_side() -> None:
        await asyncio.gather(*(aorder() for _ in range(4)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(order, range(4)))
    asyncio.run(side_by_side())

    assert counted.of("pay") == 2 * 4 * 50


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_counts_its_own(counted: Counted) -> None:
    def order() -> None:
        policy("order").call(policy("pay").call, Failing(OSError, "paid"))

    def work() -> list[float | None]:
        born = counted.of("pay")
        order()
        return [born, counted.of("pay")]

    order()
    order()

    assert in_child(work) == [0, 1]
    assert counted.of("pay") == 2


def test_opentelemetry_tells_the_same() -> None:
    sdk = Sdk()

    with retold.configure(exporters=[sdk.exporter()]):
        policy("order").call(policy("pay").call, Failing(OSError, "paid"))
        told = metrics_of(sdk.reader)["retold.nested_retries"]
    sdk.close()

    assert told.unit == "{call}"
    values = {dict(labels)["retold.operation"]: point.value for labels, point in points_of(told).items()}
    assert values == {"pay": 1, "order": 0}


def test_a_call_that_succeeds_at_once_looks_at_nothing(
    form: Form, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(*_: object, **__: object) -> bool:
        raise AssertionError("it looked")

    monkeypatch.setattr(nested, "retries", look)

    policy("order").call(lambda: form.perform(policy("pay"), Failing("paid")))

    assert counted.of("pay") == 0


def test_the_warning_as_an_error_leaves_nothing_counted(counted: Counted) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", NestedRetryWarning)
        with pytest.raises(NestedRetryWarning):
            policy("order", on=OSError).call(policy("pay").call, Failing(OSError, "paid"))

    assert counted.of("pay") == 0

"""Forms: statements 37 to 39, one policy that serves many calls, functions, threads and tasks."""

import contextlib
import functools
import gc
import itertools
import logging
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Exporter, Policy
from retold.exporters.logging import Logging
from retold.exporters.prometheus import Prometheus
from retold.runners import audience
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk, parent_id, span_id
from tests.forms import Failing, Form
from tests.looping import Library, LoopClock
from tests.pitfalls.tasks import together
from tests.readings import Numbers, scraped_from, sum_of, told_to, without_limits
from tests.wrapper.crowd import assert_lawful, hurried

THREADS, TASKS = 100, 1000


@pytest.mark.filterwarnings("ignore::retold.RetoldWarning")
def test_37_a_policy_inside_of_itself_keeps_a_state_for_each(
    form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    policy = Policy(on=OSError, attempts=3, backoff=[1, 2], operation="tree", clock=clock)
    depths: list[int] = []

    def descend() -> None:
        depths.append(len(depths))
        if len(depths) < 3:
            form.perform(policy, descend)
            return
        raise OSError

    with pytest.raises(OSError):
        form.perform(policy, descend)

    # The innermost is exhausted first, then each around it tries the two levels below once more.
    assert {call.attempts for call in seen.calls} == {3}
    assert clock.waits == [wait for call in seen.calls for wait in (1, 2)]


def test_37_nested_calls_are_seen_on_spans(form: Form, clock: ManualClock) -> None:
    sdk = Sdk()
    policy = Policy(on=OSError, attempts=1, clock=clock)

    with retold.configure(exporters=[sdk.exporter()]):
        form.perform(
            policy.replace(operation="outer"), lambda: form.perform(policy.replace(operation="inner"), lambda: "page")
        )
    sdk.close()

    assert parent_id(sdk.span("inner")) == span_id(sdk.span("attempt outer"))


def test_38_a_policy_that_serves_many_functions_gathers_nothing(clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, operation="shop.fetch", clock=clock)
    logger, handlers = logging.getLogger("retold"), list(logging.getLogger("retold").handlers)
    gone: list[weakref.ref[Any]] = []

    def use_many(functions: int) -> int:
        before = len(audience.CHANGED)
        for _ in range(functions):
            decorated: Callable[[], Any] = policy(Failing(OSError))
            gone.append(weakref.ref(decorated))
            with contextlib.suppress(OSError):
                decorated()
        return len(audience.CHANGED) - before

    with retold.configure(exporters=[Logging(), seen]):
        listeners = use_many(1), use_many(200)

    assert listeners in {(1, 0), (0, 0)}
    assert logger.handlers == handlers
    assert len(seen.calls) == 201
    seen.clear()  # it keeps all errors, and so their frames
    gc.collect()
    assert {reference() for reference in gone} == {None}


def test_38_a_failed_call_is_one_line_however_many_functions_there_are(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    policy = Policy(on=OSError, clock=clock)
    functions: list[Callable[[], Any]] = [policy(Failing(OSError)) for _ in range(200)]

    with retold.configure(exporters=["logging"]), pytest.raises(OSError):
        functions[-1]()

    assert [record.getMessage() for record in caplog.records] == ["retold.call.gave_up"]


class Crowd:
    """Calls that fail none to three times before they succeed, in turn, and what was counted of them.

    Attributes:
        made: How often the function ran.
    """

    def __init__(self) -> None:
        self.seen = MemoryExporter()
        self.registry = CollectorRegistry()
        self._numbers = itertools.count()

    @property
    def exporters(self) -> list[Exporter]:
        return [self.seen, Prometheus(self.registry)]

    def work(self, failures: Iterator[bool]) -> str:
        next(self._numbers)
        if next(failures):
            raise OSError
        return "page"

    @staticmethod
    def turns(call: int) -> Iterator[bool]:
        yield from (True,) * (call % 4)
        yield False

    def assert_exact(self, calls: int, operation: str) -> None:
        """Everybody has counted the same: every call, and every attempt that was made."""
        made, given_up = next(self._numbers), calls // 4
        numbers: Numbers = without_limits(scraped_from(self.registry))
        counted = {key: value for key, value in numbers.items() if " sum" not in key[0]}
        told = {key: value for key, value in told_to(self.seen).items() if " sum" not in key[0]}
        assert made == calls // 4 * (1 + 2 + 3 + 3)
        assert counted == told
        assert counted["retold.calls", operation, "attempts_exhausted", "true"] == given_up
        assert sum_of(counted, "retold.calls") == calls == len(self.seen.calls)
        assert sum_of(counted, "retold.attempts") == made == sum(call.attempts for call in self.seen.calls)
        assert_lawful(numbers)


def test_39_a_hundred_threads_are_counted_exactly() -> None:
    crowd, begin = Crowd(), threading.Barrier(THREADS)
    results: list[str] = []

    @Policy(on=OSError, attempts=3, backoff=0, operation="shop.fetch")
    def fetch(failures: Iterator[bool]) -> str:
        return crowd.work(failures)

    def call() -> None:
        begin.wait()
        for number in range(20):
            try:
                results.append(fetch(crowd.turns(number)))
            except OSError:
                results.append("")

    with retold.configure(exporters=crowd.exporters), hurried():
        threads = [threading.Thread(target=call) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    crowd.assert_exact(THREADS * 20, "shop.fetch")
    assert (results.count("page"), results.count("")) == (THREADS * 15, THREADS * 5)


def test_39_a_thousand_tasks_are_counted_exactly(library: Library) -> None:
    crowd = Crowd()
    results: list[str] = []

    @Policy(on=OSError, attempts=3, backoff=[1, 2], operation="shop.fetch", clock=LoopClock(library))
    async def fetch(failures: Iterator[bool]) -> str:
        await library.sleep(1)
        return crowd.work(failures)

    async def call(number: int) -> None:
        try:
            results.append(await fetch(crowd.turns(number)))
        except OSError:
            results.append("")

    def works() -> list[Callable[[], Awaitable[object]]]:
        return [functools.partial(call, number) for number in range(TASKS)]

    with retold.configure(exporters=crowd.exporters):
        library.run(lambda: together(library, *works()))

    crowd.assert_exact(TASKS, "shop.fetch")
    assert (results.count("page"), results.count("")) == (TASKS * 3 // 4, TASKS // 4)

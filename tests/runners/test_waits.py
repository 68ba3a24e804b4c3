"""Waiting: how often, how long, and where it must not block."""

import sys
import time
import warnings
from collections.abc import Iterator
from io import StringIO
from types import ModuleType
from typing import Any

import pytest
import trio
from prometheus_client import CollectorRegistry

import retold
from retold import BlockingWarning, Exporter, Policy, RejectedResult
from retold.exporters.console import Console
from retold.exporters.prometheus import Prometheus
from retold.runners import clocks
from retold.runners.clocks import SYSTEM_CLOCK
from retold.testing import ManualClock, MemoryExporter
from tests.chance import GREATEST, Luck
from tests.forms import BLOCK, CALL, DECORATOR, RUN, Failing, Form


def test_a_list_of_waits_repeats_its_last_entry(form: Form, clock: ManualClock) -> None:
    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=6, backoff=[1, 2, 5], clock=clock), Failing(OSError))

    assert clock.waits == [1.0, 2.0, 5.0, 5.0, 5.0]


def test_the_backoff_is_asked_for_every_failed_attempt_in_turn(form: Form, clock: ManualClock) -> None:
    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=4, backoff=lambda number: number * 10, clock=clock), Failing(OSError))

    assert clock.waits == [10.0, 20.0, 30.0]


@pytest.fixture(params=["nobody", "prometheus", "console", "memory"])
def listened_to(request: pytest.FixtureRequest) -> Iterator[None]:
    """Who listens, in all the ways that lead a call along other paths."""
    listeners: dict[str, list[Exporter]] = {
        "nobody": [],
        "prometheus": [Prometheus(CollectorRegistry())],  # reads what is counted
        "console": [Console(StringIO())],  # joins at the first failure
        "memory": [MemoryExporter()],
    }
    with retold.configure(exporters=listeners[request.param]):
        yield


@pytest.mark.usefixtures("listened_to")
@pytest.mark.parametrize("timeout", [None, 1000])
def test_the_backoff_is_told_the_wait_before(form: Form, clock: ManualClock, timeout: float | None) -> None:
    class Doubling:
        def delay(self, failed_attempt: int, previous: float, rng: object, /) -> float:
            return previous * 2 or 1.0

    policy = Policy(on=OSError, attempts=5, timeout=timeout, backoff=Doubling(), clock=clock)

    for _ in range(2):  # what one call waited is nothing to the next
        clock.waits.clear()
        with pytest.raises(OSError):
            form.perform(policy, Failing(OSError))

        assert clock.waits == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.usefixtures("listened_to")
@pytest.mark.parametrize("advised", [1, 2, 3])
def test_a_wait_that_a_hint_made_longer_is_the_wait_before(form: Form, clock: ManualClock, advised: int) -> None:
    class Following:
        def delay(self, failed_attempt: int, previous: float, rng: object, /) -> float:
            return previous + 1

    advice = iter([None] * (advised - 1) + [10])
    policy = Policy(on=OSError, attempts=5, backoff=Following(), hint=lambda _: next(advice, None), clock=clock)

    with pytest.raises(OSError):
        form.perform(policy, Failing(OSError))

    assert clock.waits == [number + 10.0 * (number >= advised) for number in range(1, 5)]


@pytest.mark.usefixtures("listened_to")
@pytest.mark.parametrize("rejected", [False, True])
def test_a_decorrelated_wait_grows_from_the_one_before(form: Form, clock: ManualClock, rejected: bool) -> None:
    policy = Policy(
        on=OSError,
        on_result=(lambda result: result == "bad") if rejected else None,
        attempts=6,
        backoff=retold.Decorrelated(1, cap=50),
        rng=GREATEST,
        clock=clock,
    )

    with pytest.raises(RejectedResult if rejected else OSError):
        form.perform(policy, Failing("bad" if rejected else OSError))

    assert clock.waits == pytest.approx([3, 9, 27, 50, 50])


@pytest.mark.usefixtures("listened_to")
def test_calls_at_the_same_time_each_have_their_own_wait_before(clock: ManualClock) -> None:
    class Doubling:
        def delay(self, failed_attempt: int, previous: float, rng: object, /) -> float:
            return previous * 2 or 1.0

    policy = Policy(on=OSError, attempts=4, backoff=Doubling(), operation="both", clock=clock)
    blocks = [iter(policy), iter(policy)]

    for _ in range(3):
        for block in blocks:
            with next(block):
                raise OSError

    # The waits after the last attempts above are still to come.
    assert clock.waits == [1.0, 1.0, 2.0, 2.0]


def test_chance_comes_from_the_rng_of_the_policy(form: Form, clock: ManualClock) -> None:
    form.perform(Policy(on=OSError, rng=Luck(0.5), clock=clock), Failing(OSError, OSError, "value"))

    assert clock.waits == [0.05, 0.1]


@pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")
def test_a_call_within_a_call_through_one_policy_has_a_state_of_its_own(form: Form, clock: ManualClock) -> None:
    policy = Policy(on=OSError, attempts=3, backoff=[1, 2], operation="both", clock=clock)
    inner = Failing(OSError, OSError, "inner", OSError, OSError, "inner")
    outer = Failing(OSError, "outer")

    def work() -> Any:
        return form.perform(policy, inner), outer()

    assert form.perform(policy, work) == ("inner", "outer")

    assert clock.waits == [1.0, 2.0, 1.0, 1.0, 2.0]


def test_what_is_waited_is_what_passes_on_the_clock(form: Form, seen: MemoryExporter) -> None:
    class Slow(ManualClock):
        def sleep(self, seconds: float, /) -> None:
            super().sleep(seconds + 0.5)

    form.perform(Policy(on=OSError, backoff=1, clock=Slow()), Failing(OSError, "value"))

    assert (seen.retries[0].delay, seen.last.delay_total) == (1.0, 1.5)


def test_the_machines_clock_is_monotonic() -> None:
    assert SYSTEM_CLOCK.now is time.monotonic


def test_a_policy_without_a_clock_waits_on_the_machines(form: Form, seen: MemoryExporter) -> None:
    assert form.perform(Policy(on=OSError, backoff=0), Failing(OSError, "value")) == "value"

    assert seen.last.delay_total == 0


def test_the_machines_clock_waits(sync_form: Form, seen: MemoryExporter) -> None:
    sync_form.perform(Policy(on=OSError, backoff=1e-6), Failing(OSError, "value"))

    assert seen.last.delay_total >= 1e-6


async def test_the_machines_clock_waits_in_a_loop(async_form: Form, seen: MemoryExporter) -> None:
    work = Failing(OSError, "value")

    async def awaited() -> Any:
        return work()

    assert await async_form.awaiting(Policy(on=OSError, backoff=1e-6), awaited) == "value"

    assert seen.last.delay_total >= 1e-6


async def test_a_synchronous_wait_in_a_loop_warns_once_per_operation_where_the_user_waits(
    sync_form: Form, clock: ManualClock
) -> None:
    policy = Policy(on=OSError, backoff=1, clock=clock)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for operation in ("one", "one", "two"):
            sync_form.perform(policy.replace(operation=operation), Failing(OSError, OSError, "value"))

    assert [str(warning.message).split()[0] for warning in caught] == ["one", "two"]
    assert {warning.category for warning in caught} == {BlockingWarning}
    assert {warning.filename for warning in caught} == {DECORATOR.perform.__code__.co_filename}


def test_a_synchronous_wait_in_trio_warns_too(sync_form: Form, clock: ManualClock) -> None:
    async def main() -> Any:
        return sync_form.perform(Policy(on=OSError, backoff=1, clock=clock), Failing(OSError, "value"))

    with pytest.warns(BlockingWarning, match="blocks it") as caught:
        assert trio.run(main) == "value"

    assert [warning.filename for warning in caught] == [DECORATOR.perform.__code__.co_filename]


async def test_a_synchronous_retry_without_a_wait_does_not_warn(sync_form: Form, clock: ManualClock) -> None:
    policy = Policy(on=OSError, backoff=0, clock=clock)

    assert sync_form.perform(policy, Failing(OSError, "value")) == "value"


@pytest.fixture
def asyncio_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not waited yet since somebody imported asyncio."""
    monkeypatch.setattr(clocks, "running_loop", clocks._look_for_asyncio)


@pytest.mark.usefixtures("asyncio_unseen")
def test_a_synchronous_wait_outside_of_a_loop_does_not_warn(
    sync_form: Form, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sync_form.perform(Policy(on=OSError, clock=clock), Failing(OSError, "value")) == "value"

    monkeypatch.delitem(sys.modules, "trio")

    assert sync_form.perform(Policy(on=OSError, clock=clock), Failing(OSError, "value")) == "value"

    monkeypatch.delitem(sys.modules, "asyncio")

    assert sync_form.perform(Policy(on=OSError, clock=clock), Failing(OSError, "value")) == "value"


@pytest.mark.usefixtures("asyncio_unseen")
async def test_a_loop_is_seen_that_is_imported_after_other_waits(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without, warnings.catch_warnings():
        warnings.simplefilter("error", BlockingWarning)
        without.delitem(sys.modules, "asyncio")
        Policy(on=OSError, clock=clock, operation="before").call(Failing(OSError, "value"))

    for operation in ("first", "second"):
        with pytest.warns(BlockingWarning, match=f"^{operation} waits in a running event loop"):
            Policy(on=OSError, clock=clock, operation=operation).call(Failing(OSError, "value"))


@pytest.mark.usefixtures("asyncio_unseen")
@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_a_wait_does_not_mind_that_another_thread_imports_an_event_loop(
    library: str, sync_form: Form, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, ModuleType(library))  # as it is found before it has run

    assert sync_form.perform(Policy(on=OSError, backoff=1, clock=clock), Failing(OSError, "value")) == "value"


@pytest.mark.parametrize("is_begun", [True, False])
async def test_nor_does_an_awaited_wait_that_it_is_the_other_library(
    is_begun: bool, async_form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_begun:
        monkeypatch.setitem(sys.modules, "trio", ModuleType("trio"))
    else:
        monkeypatch.delitem(sys.modules, "trio")
    work = Failing(OSError, "value")

    async def awaited() -> Any:
        return work()

    assert await async_form.awaiting(Policy(on=OSError, backoff=1e-6), awaited) == "value"


@pytest.mark.parametrize("form", [DECORATOR, CALL, RUN, BLOCK], ids=str)
async def test_the_warning_as_an_error_ends_the_call(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    with pytest.raises(BlockingWarning):
        form.perform(Policy(on=OSError, backoff=1, clock=clock), Failing(OSError))

    assert [call.outcome for call in seen.calls] == [retold.Outcome.CANCELLED]

"""Waiting: how often, how long, and where it must not block."""

import sys
import time
import warnings
from typing import Any

import pytest

import retold
from retold import BlockingWarning, Policy
from retold.runners.clocks import SYSTEM_CLOCK
from retold.testing import ManualClock, MemoryExporter
from tests.forms import BLOCK, CALL, DECORATOR, RUN, Failing, Form


def test_a_list_of_waits_repeats_its_last_entry(form: Form, clock: ManualClock) -> None:
    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=6, backoff=[1, 2, 5], clock=clock), Failing(OSError))

    assert clock.waits == [1.0, 2.0, 5.0, 5.0, 5.0]


def test_the_backoff_is_asked_for_every_failed_attempt_in_turn(form: Form, clock: ManualClock) -> None:
    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=4, backoff=lambda number: number * 10, clock=clock), Failing(OSError))

    assert clock.waits == [10.0, 20.0, 30.0]


def test_the_backoff_is_told_the_wait_before(form: Form, clock: ManualClock) -> None:
    class Doubling:
        def delay(self, failed_attempt: int, previous: float, rng: object, /) -> float:
            return previous * 2 or 1.0

    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=4, backoff=Doubling(), clock=clock), Failing(OSError))

    assert clock.waits == [1.0, 2.0, 4.0]


def test_chance_comes_from_the_rng_of_the_policy(form: Form, clock: ManualClock) -> None:
    class Half:
        def random(self) -> float:
            return 0.5

    form.perform(Policy(on=OSError, rng=Half(), clock=clock), Failing(OSError, OSError, "value"))

    assert clock.waits == [0.05, 0.1]


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


async def test_a_synchronous_retry_without_a_wait_does_not_warn(sync_form: Form, clock: ManualClock) -> None:
    policy = Policy(on=OSError, backoff=0, clock=clock)

    assert sync_form.perform(policy, Failing(OSError, "value")) == "value"


def test_a_synchronous_wait_outside_of_a_loop_does_not_warn(
    sync_form: Form, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sync_form.perform(Policy(on=OSError, clock=clock), Failing(OSError, "value")) == "value"

    monkeypatch.delitem(sys.modules, "asyncio")

    assert sync_form.perform(Policy(on=OSError, clock=clock), Failing(OSError, "value")) == "value"


@pytest.mark.parametrize("form", [DECORATOR, CALL, RUN, BLOCK], ids=str)
async def test_the_warning_as_an_error_ends_the_call(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    with pytest.raises(BlockingWarning):
        form.perform(Policy(on=OSError, backoff=1, clock=clock), Failing(OSError))

    assert [call.outcome for call in seen.calls] == [retold.Outcome.CANCELLED]

"""Time that passes only by waiting."""

import pytest

from retold import Policy
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form


def test_time_passes_only_by_waiting_and_advancing() -> None:
    clock = ManualClock()

    clock.sleep(2)
    clock.advance(0.5)

    assert clock.now() == 2.5
    assert clock.waits == [2]


async def test_tasks_wait_on_it_too() -> None:
    clock = ManualClock()

    await clock.asleep(2)

    assert (clock.now(), clock.waits) == (2, [2])


def test_a_policy_waits_on_it_and_not_in_reality(form: Form) -> None:
    clock = ManualClock()

    form.perform(Policy(on=OSError, backoff=[3600, 7200], clock=clock), Failing(OSError, OSError, "page"))

    assert clock.waits == [3600, 7200]


def test_a_deadline_sees_the_time_that_is_advanced(clock: ManualClock, seen: MemoryExporter) -> None:
    def slow() -> None:
        clock.advance(10)
        raise OSError

    with pytest.raises(OSError):
        Policy(on=OSError, timeout=10, backoff=0, clock=clock).call(slow)

    assert seen.last.outcome == "deadline_exceeded"


def test_the_memory_exporter_goes_by_this_name_here() -> None:
    from retold.exporters.memory import Memory

    assert MemoryExporter is Memory

"""A call that waits holds on to nothing of the attempts that failed, whoever listens, and however many there were."""

from __future__ import annotations

import asyncio

import pytest

import retold
from retold import Policy
from retold.testing import ManualClock
from tests.forms import ASYNC_BLOCK, DECORATOR, FUNCTIONS, Form
from tests.runners.everybody import EXPORTERS
from tests.runners.leaving import Leaving, Returning, Watching, growth, swallow

pytestmark = pytest.mark.usefixtures("no_garbage_collector", "unkept_lines")


@pytest.mark.usefixtures("listening")
def test_keeps_no_failure_alive_while_it_waits(form: Form) -> None:
    clock = Watching()
    clock.work = work = Leaving(OSError)

    swallow(form, Policy(on=OSError, attempts=4, clock=clock), work)

    assert clock.seen == [0, 0, 0]


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("form", FUNCTIONS, ids=str)
def test_keeps_no_rejected_result_alive_while_it_waits(form: Form) -> None:
    clock = Watching()
    clock.work = work = Returning()

    swallow(form, Policy(on_result=lambda result: True, attempts=3, clock=clock), work)

    assert clock.seen == [0, 0]


@pytest.mark.usefixtures("listening")
async def test_keeps_no_failure_alive_while_a_task_sleeps(async_form: Form) -> None:
    work = Leaving(OSError)

    async def awaited() -> str:
        return work()

    sleeping = asyncio.create_task(async_form.awaiting(Policy(on=OSError, backoff=3600), awaited))
    await asyncio.sleep(0)
    assert len(work.left) == 1

    assert work.alive == 0
    assert not sleeping.done()
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("failures", [2, 10**6], ids=["recovered", "exhausted"])
def test_frees_what_a_call_left_whoever_listens(failures: int, form: Form, clock: ManualClock) -> None:
    work = Leaving(OSError, failures)

    swallow(form, Policy(on=OSError, clock=clock), work)

    assert len(work.left) == 3
    assert work.alive == 0


# Not those that read the journal: what they have not collected piles up on its tape, which takes 65,536 values.
@pytest.mark.parametrize("exporter", ["console", "failing", "logging", "spans", "structlog"])
@pytest.mark.parametrize("form", [DECORATOR, ASYNC_BLOCK], ids=str)
def test_memory_does_not_grow_with_attempts_whoever_listens(exporter: str, form: Form, clock: ManualClock) -> None:
    retold.configure(exporters=[EXPORTERS[exporter]()])
    assert growth(form, clock, few=1000, many=10_000) < 20_000

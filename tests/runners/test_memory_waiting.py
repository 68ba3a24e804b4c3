"""A call that waits holds on to nothing of the attempts that failed, whoever listens, and however many there were."""

from __future__ import annotations

import asyncio
import gc
import logging
import tracemalloc
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from prometheus_client import CollectorRegistry

import retold
from retold import Exporter, Policy
from retold.events import AttemptEnded
from retold.exporters.console import Console
from retold.exporters.logging import Logging
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock
from tests.forms import ASYNC_BLOCK, DECORATOR, FUNCTIONS, Form
from tests.runners.leaving import Forgetful, Leaving, Returning, Watching, swallow


class Unkept(StringIO):
    """A stream into nowhere."""

    def write(self, text: str, /) -> int:
        return len(text)


class Failing(Exporter):
    """Raises whenever it is told of a failure, which so becomes the context of what it raises."""

    name = "failing"
    live = True

    def attempt_ended(self, state: object, event: AttemptEnded) -> None:
        raise RuntimeError


def _tracers() -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SpanProcessor())
    return provider


def _meters() -> MeterProvider:
    return MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)


EXPORTERS: dict[str, Callable[[], Exporter]] = {
    "prometheus": lambda: Prometheus(CollectorRegistry()),
    "spans": lambda: OpenTelemetry(tracer_provider=_tracers(), metrics=False),
    "metrics": lambda: OpenTelemetry(meter_provider=_meters(), metrics=True),
    "logging": Logging,
    "console": lambda: Console(Unkept()),
    "failing": Failing,
}


@pytest.fixture(params=["nobody", "everybody", *EXPORTERS])
def _listening(request: pytest.FixtureRequest) -> None:
    """Nobody, one exporter, or all of them."""
    names = {"nobody": (), "everybody": EXPORTERS}.get(request.param, (request.param,))
    retold.configure(exporters=[EXPORTERS[name]() for name in names])


@pytest.fixture(autouse=True)
def _unkept_lines() -> Iterator[None]:
    """Every line is made, and kept by nobody; pytest would keep it."""

    def drop(record: logging.LogRecord) -> bool:
        return False

    logger = logging.getLogger("retold")
    logger.setLevel(logging.DEBUG)
    logger.addFilter(drop)
    yield
    logger.removeFilter(drop)
    logger.setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def _no_garbage_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_listening")
def test_keeps_no_failure_alive_while_it_waits(form: Form) -> None:
    clock = Watching()
    clock.work = work = Leaving(OSError)

    swallow(form, Policy(on=OSError, attempts=4, clock=clock), work)

    assert clock.seen == [0, 0, 0]


@pytest.mark.usefixtures("_listening")
@pytest.mark.parametrize("form", FUNCTIONS, ids=str)
def test_keeps_no_rejected_result_alive_while_it_waits(form: Form) -> None:
    clock = Watching()
    clock.work = work = Returning()

    swallow(form, Policy(on_result=lambda result: True, attempts=3, clock=clock), work)

    assert clock.seen == [0, 0]


@pytest.mark.usefixtures("_listening")
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


@pytest.mark.usefixtures("_listening")
@pytest.mark.parametrize("failures", [2, 10**6], ids=["recovered", "exhausted"])
def test_frees_what_a_call_left_whoever_listens(failures: int, form: Form, clock: ManualClock) -> None:
    work = Leaving(OSError, failures)

    swallow(form, Policy(on=OSError, clock=clock), work)

    assert len(work.left) == 3
    assert work.alive == 0


# Not those that read the journal: what they have not collected piles up on its tape, which takes 65,536 values.
@pytest.mark.parametrize("exporter", ["console", "failing", "logging", "spans"])
@pytest.mark.parametrize("form", [DECORATOR, ASYNC_BLOCK], ids=str)
def test_memory_does_not_grow_with_attempts_whoever_listens(exporter: str, form: Form, clock: ManualClock) -> None:
    retold.configure(exporters=[EXPORTERS[exporter]()])
    clock.waits = Forgetful()
    peaks = []

    def fail() -> None:
        raise OSError

    for attempts in (1000, 1000, 10_000):
        tracemalloc.start()
        swallow(form, Policy(on=OSError, attempts=attempts, backoff=0, clock=clock), fail)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[2] < peaks[1] + 20_000

"""An hour of a busy service, as fast as it goes, with everything switched on: what there is after each minute.

`python -m tests.laws.hour 1000000`
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from typing import TypeAlias

import structlog
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span
from prometheus_client import CollectorRegistry, generate_latest

import retold
from retold import Policy
from retold.exporters.logging import Logging
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.exporters.structlog import Structlog
from tests.exporters.sdk import Reader, metrics_of, span_id
from tests.plans import Interrupt
from tests.readings import scraped_from, sum_of

MINUTES = 60
COLLECTED = 5
"""Every so many minutes OpenTelemetry's metrics are: more values than are kept one by one have come by then."""

TASKS = 8
"""In one event loop, beside a thread."""

SAMPLED = 100
"""One in so many requests is sampled, and its calls have spans: all of them would take minutes to make."""

Turns: TypeAlias = Iterator[type[BaseException] | None]

# More types of errors than have series of their own.
_ERRORS = itertools.cycle([type(f"Error{number}", (OSError,), {}) for number in range(20)])
# Of a hundred calls, what the attempts of the ten raise that do not succeed at once.
_FAILING: list[list[type[BaseException] | None]] = [
    *([[next(_ERRORS), None] for _ in range(5)]),
    [next(_ERRORS), next(_ERRORS), None],
    [next(_ERRORS), next(_ERRORS), next(_ERRORS)],
    [next(_ERRORS), next(_ERRORS), next(_ERRORS)],
    [ValueError],
    [Interrupt],
]
_HUNDRED = [_FAILING[number // 10] if number % 10 == 0 else [None] for number in range(100)]


@dataclass(frozen=True)
class Standing:
    """What there is at one moment.

    Attributes:
        blocks: Allocated blocks of memory.
        garbage: Objects that only the garbage collector frees, of the last minute.
        series: Samples of the registry.
        points: Data points of OpenTelemetry's metrics.
        spans: Spans that have begun so far.
        open: Those of them that have not ended.
        threads: Running threads.
        calls: Calls that have ended so far.
        failed: Those of them that did not succeed at once.
    """

    blocks: int
    garbage: int
    series: int
    points: int
    spans: int
    open: int
    threads: int
    calls: float
    failed: float


class Open(SpanProcessor):
    """The spans that have begun, and not ended."""

    def __init__(self) -> None:
        self.ids: set[int] = set()
        self.begun = 0

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self.begun += 1
        self.ids.add(span_id(span))

    def on_end(self, span: ReadableSpan) -> None:
        self.ids.remove(span_id(span))


class Discarding(SpanExporter):
    """Sends nothing anywhere."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return SpanExportResult.SUCCESS


class Everything:
    """All backends, which keep nothing that they are given."""

    def __init__(self) -> None:
        self.registry, self.reader, self.open = CollectorRegistry(), Reader(), Open()
        tracers = TracerProvider(sampler=ParentBased(ALWAYS_ON), shutdown_on_exit=False)
        tracers.add_span_processor(self.open)
        tracers.add_span_processor(BatchSpanProcessor(Discarding()))
        meters = MeterProvider([self.reader], shutdown_on_exit=False)
        logger = logging.getLogger("retold")
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.INFO)
        structlog.configure(processors=[_drop], logger_factory=structlog.PrintLoggerFactory(sys.stderr))
        self._tracers = tracers
        retold.configure(
            exporters=[
                Prometheus(self.registry),
                OpenTelemetry(tracer_provider=tracers, meter_provider=meters, metrics=True),
                Logging(),
                Structlog(),
            ]
        )

    def standing(self) -> Standing:
        """What there is now, when all calls are over."""
        text = generate_latest(self.registry).decode()
        points = sum(len(metric.data.data_points) for metric in metrics_of(self.reader).values())
        numbers = scraped_from(self.registry)
        self._tracers.force_flush()
        calls = sum_of(numbers, "retold.calls")
        at_once = sum(
            value for key, value in numbers.items() if key[0] == "retold.calls" and key[2:] == ("success", "false")
        )
        del numbers
        garbage = gc.collect()
        return Standing(
            blocks=sys.getallocatedblocks(),
            garbage=garbage,
            series=sum(not line.startswith("#") for line in text.splitlines()),
            points=points,
            spans=self.open.begun,
            open=len(self.open.ids),
            threads=threading.active_count(),
            calls=calls,
            failed=calls - at_once,
        )


def _drop(*_: object) -> structlog.typing.EventDict:
    raise structlog.DropEvent


class Service:
    """What a service does that calls unreliable things."""

    def __init__(self) -> None:
        self._requests = itertools.count(1)
        self._pool = ThreadPoolExecutor(2)
        self._policies = [Policy(on=OSError, attempts=3, backoff=0, operation=f"shop.{name}") for name in range(8)]
        self._functions = [policy(self._attempt) for policy in self._policies]
        self._coroutines = [policy(self._aattempt) for policy in self._policies]

    def minute(self, calls: int) -> None:
        """Make that many calls, side by side."""
        in_a_thread = self._pool.submit(self._thread, calls // 2)
        in_a_loop = self._pool.submit(asyncio.run, self._loop(calls // 2))
        in_a_thread.result()
        in_a_loop.result()

    def _thread(self, calls: int) -> None:
        for _ in range(calls // len(_HUNDRED)):
            with self._request():
                for number, turns in enumerate(_HUNDRED):
                    with suppress(OSError, ValueError, Interrupt):
                        self._call(number, iter(turns))

    def _call(self, number: int, turns: Turns) -> None:
        match number % 3:
            case 0:
                self._functions[number % 8](turns)
            case 1:
                self._policies[number % 8].call(self._attempt, turns)
            case _:
                for attempt in self._policies[number % 8]:
                    with attempt:
                        self._attempt(turns)

    async def _loop(self, calls: int) -> None:
        await asyncio.gather(*(self._task(calls // TASKS) for _ in range(TASKS)))

    async def _task(self, calls: int) -> None:
        for _ in range(calls // len(_HUNDRED)):
            with self._request():
                for number, turns in enumerate(_HUNDRED):
                    with suppress(OSError, ValueError, Interrupt):
                        await self._coroutines[number % 8](iter(turns))

    def _request(self) -> AbstractContextManager[object]:
        """As if another service had asked, which has decided whether there are spans."""
        number = next(self._requests)
        flags = TraceFlags.SAMPLED if number % SAMPLED == 0 else TraceFlags.DEFAULT
        context = SpanContext(number, number, is_remote=True, trace_flags=TraceFlags(flags))
        return use_span(NonRecordingSpan(context), record_exception=False, set_status_on_exception=False)

    @staticmethod
    def _attempt(turns: Turns) -> None:
        error = next(turns)
        if error is not None:
            raise error

    @staticmethod
    async def _aattempt(turns: Turns) -> None:
        error = next(turns)
        if error is not None:
            await asyncio.sleep(0)
            raise error


def hour(calls: int) -> Iterator[Standing]:
    """Make that many calls, and say what there is after the first minute, and now and then later."""
    everything, service = Everything(), Service()
    for minute in range(1, MINUTES + 1):
        service.minute(calls // MINUTES)
        generate_latest(everything.registry)
        if minute % COLLECTED == 0:
            everything.reader.get_metrics_data()
        if minute == 1 or minute % 20 == 0:
            yield everything.standing()


def main(calls: int) -> None:
    """Print it as JSON."""
    print(json.dumps([asdict(standing) for standing in hour(calls)]))


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""Very many calls in a process of their own: `python -m tests.runners.many_calls EXPORTERS FORM COUNT`.

Prints how many memory blocks are allocated after the calls that were not before them, and how many objects only the
garbage collector would have freed.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from itertools import cycle, repeat
from math import inf
from time import time
from typing import TypeAlias

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from prometheus_client import CollectorRegistry, generate_latest

import retold
from retold import Policy
from retold.exporters.logging import Logging
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL, Exemplar
from retold.telemetry import ATTEMPT_DURATION, CALL_DURATION
from tests.exporters.sdk import Reader
from tests.forms import drive

Read: TypeAlias = Callable[[], object]
Repeat: TypeAlias = Callable[[int], None]

WARM_UP = 5000
READ_EVERY = 50_000


def _none() -> Read:
    retold.configure(exporters=[])
    return lambda: None


def _default() -> Read:
    return lambda: None


def _prometheus() -> Read:
    registry = CollectorRegistry()
    retold.configure(exporters=[Prometheus(registry)])
    return lambda: generate_latest(registry)


def _metrics() -> Read:
    reader = Reader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    retold.configure(exporters=[OpenTelemetry(meter_provider=provider, metrics=True)])
    return reader.get_metrics_data


def _spans() -> Read:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SpanProcessor())
    retold.configure(exporters=[OpenTelemetry(tracer_provider=provider, metrics=False)])
    return lambda: None


def _everything() -> Read:
    registry = CollectorRegistry()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SpanProcessor())
    spans = OpenTelemetry(tracer_provider=provider, metrics=False)
    retold.configure(exporters=[Prometheus(registry), spans, Logging()])
    return lambda: generate_latest(registry)


EXPORTERS: dict[str, Callable[[], Read]] = {
    "none": _none,
    "default": _default,
    "prometheus": _prometheus,
    "metrics": _metrics,
    "spans": _spans,
    "everything": _everything,
}

_policy = Policy(on=OSError, attempts=3, backoff=0)

# Of 100 calls nine fail once and one for good: whether the function raises, run by run.
_TURNS = [
    raising
    for call in range(100)
    for raising in ([True, True, True] if call == 0 else [True, False] if call % 10 == 0 else [False])
]


def _sync() -> Repeat:
    turns = cycle(_TURNS)

    @_policy
    def fetch(number: int) -> int:
        if next(turns):
            raise OSError("down")
        return number

    def repeat_it(count: int) -> None:
        for number in range(count):
            try:
                fetch(number)
            except OSError:
                continue

    return repeat_it


def _async() -> Repeat:
    turns = cycle(_TURNS)

    @_policy
    async def fetch(number: int) -> int:
        if next(turns):
            raise OSError("down")
        return number

    async def await_it(count: int) -> None:
        for number in range(count):
            try:
                await fetch(number)
            except OSError:
                continue

    return lambda count: drive(await_it(count))


def _block() -> Repeat:
    turns = cycle(_TURNS)

    def fetch() -> None:
        for attempt in _policy:
            with attempt:
                if next(turns):
                    raise OSError("down")

    def repeat_it(count: int) -> None:
        for _ in repeat(None, count):
            try:
                fetch()
            except OSError:
                continue

    return repeat_it


FORMS: dict[str, Callable[[], Repeat]] = {"sync": _sync, "async": _async, "block": _block}


def _calls(do: Repeat, read: Read, count: int) -> tuple[int, int]:
    """Make calls, collecting now and then; return how many blocks there are after them, and how much garbage was."""
    for done in range(0, count, READ_EVERY):
        do(min(READ_EVERY, count - done))
        read()
    garbage = gc.collect()  # which also empties the lists in which Python keeps objects to be used again
    return sys.getallocatedblocks(), garbage


def _show_in_every_bucket() -> None:
    """Have an exemplar in each bucket, as calls of every length would leave them.

    How long calls take depends on what else the machine does, and it is not that which is measured.
    """
    totals = JOURNAL.collect()
    for metric in (CALL_DURATION, ATTEMPT_DURATION):
        for operation, outcome in totals[metric]:
            for bound in (*metric.buckets, inf):
                JOURNAL.show(str(operation), metric, str(outcome), Exemplar(min(bound, 1e6), 1 << 127, 1 << 63, time()))
    JOURNAL.collect()


def main(exporters: str, form: str, count: int) -> None:
    """Print what that many calls left behind."""
    gc.disable()
    read, do = EXPORTERS[exporters](), FORMS[form]()
    before = after = garbage = 0
    for calls in (WARM_UP, WARM_UP, count):
        before = after
        after, garbage = _calls(do, read, calls)
        if not before and exporters == "everything":  # the one choice that has exemplars
            _show_in_every_bucket()
    print(after - before, garbage)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

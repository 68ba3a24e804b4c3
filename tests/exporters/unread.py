"""Many calls without a collection, and one after: is everything there?"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from random import Random

import retold
from retold import Policy
from retold.exporters._instruments import Instruments
from retold.exporters.opentelemetry import OpenTelemetry
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk, metrics_of, points_of

DURATIONS = (0.001, 0.004, 0.03, 0.7, 4.0)


def compare(calls: int) -> int:
    """Compare the histograms of the real SDK with the events of the calls.

    Returns:
        How many values were kept as they are until the collection.
    """
    sdk, clock, memory, rng = Sdk(), ManualClock(), MemoryExporter(), Random(7)
    fetch: Policy[None] = Policy(on=OSError, backoff=0.25, operation="shop.fetch", clock=clock)
    failures = 0

    def take_a_while() -> None:
        nonlocal failures
        clock.advance(rng.choice(DURATIONS) * rng.random())
        if failures:
            failures -= 1
            raise OSError

    exporter = OpenTelemetry(meter_provider=sdk.meters)
    with retold.configure(exporters=[exporter, memory]):
        for number in range(calls):
            failures = (number % 8 == 0) + (number % 16 == 0)
            fetch.call(take_a_while)
        kept = Instruments.of(sdk.meters, exporter, always=False)._tape._length
        told = metrics_of(sdk.reader)
    sdk.close()

    wanted: dict[tuple[str, tuple[str, str]], list[float]] = defaultdict(list)
    for call in memory.calls:
        labels = ("retold.outcome", str(call.outcome))
        wanted["retold.call.duration", labels].append(call.duration)
        wanted["retold.call.attempts", labels].append(call.attempts)
    for attempt in memory.attempts:
        wanted["retold.attempt.duration", ("retold.attempt.outcome", str(attempt.outcome))].append(attempt.duration)

    assert len(wanted) == 4
    for (name, label), values in wanted.items():
        [point] = [point for labels, point in points_of(told[name]).items() if label in labels]
        counts = [0] * (len(point.explicit_bounds) + 1)
        for value in values:
            counts[bisect_left(point.explicit_bounds, value)] += 1
        assert list(point.bucket_counts) == counts
        assert (point.count, point.min, point.max) == (len(values), min(values), max(values))
        assert math.isclose(point.sum, sum(values), rel_tol=1e-9)
    return kept

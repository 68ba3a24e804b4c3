"""OpenTelemetry instruments over the journal.

Counters and gauges are observed when a reader collects. Histograms have no observable form, so the values that
the journal kept are recorded in the same collection, by the callback of the first instrument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar, cast
from weakref import WeakKeyDictionary, WeakSet, finalize, ref

from opentelemetry.metrics import CallbackOptions, Histogram, MeterProvider, Observation, get_meter_provider

from retold import telemetry
from retold.journal import JOURNAL, Labels, Observations, Tape, Totals
from retold.journal.lock import at_fork
from retold.telemetry import Metric

_FIRST = telemetry.METRICS[0]


class Instruments:
    """All instruments on one meter provider, where a second set would double every number."""

    _made: ClassVar[WeakKeyDictionary[object, Instruments]] = WeakKeyDictionary()

    def __init__(self, provider: MeterProvider) -> None:
        self.always = False
        self._totals: Totals = {}
        self._histograms: dict[Metric, Histogram] = {}
        self._observables: list[object] = []
        meter = provider.get_meter(telemetry.SCOPE)
        for metric in telemetry.METRICS:
            if metric.kind == "histogram":
                self._histograms[metric] = meter.create_histogram(
                    metric.name, metric.unit, metric.help, explicit_bucket_boundaries_advisory=metric.buckets
                )
            else:
                create = meter.create_observable_counter if metric.kind == "counter" else meter.create_observable_gauge
                made = create(metric.name, [self._callback(metric)], metric.unit, metric.help)
                self._observables.append(made)
        self._exporters: WeakSet[object] = WeakSet()
        self._readers: object = None
        self._wanted = False
        itself = ref(self)  # the journal outlives providers, and must not keep them
        self._tape = Tape(lambda: (made := itself()) is not None and made._telling())
        JOURNAL.follow(self._tape)
        finalize(self, JOURNAL.leave, self._tape).atexit = False

    @classmethod
    def of(cls, provider: MeterProvider, exporter: object, *, always: bool) -> Instruments:
        """The instruments of this provider, which tell while this exporter is one of the journal's readers.

        `always` has them tell even while another exporter does.
        """
        # The global one has a key of its own: a proxy stands for it until it is set, and tells it all from then on.
        key = cls if provider is get_meter_provider() else provider
        made = cls._made.get(provider) or cls._made.get(key)
        if made is None:
            made = cls._made[key] = cls(provider)
        made.always = always
        made._exporters.add(exporter)
        made._readers = None
        return made

    @classmethod
    def telling(cls) -> list[object]:
        """The providers that are told our metrics now."""
        made = list(cls._made.items())
        return [get_meter_provider() if key is cls else key for key, each in made if each._telling()]

    @classmethod
    def start_over(cls) -> None:
        """Have the SDK forget what it has aggregated of ours: a forked child starts from zero, as the journal does."""
        for made in cls._made.values():
            for instrument in (*made._histograms.values(), *made._observables):
                _forget(instrument)

    def _callback(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        return partial(self._observe, metric)

    def _observe(self, metric: Metric, options: CallbackOptions) -> list[Observation]:
        if metric is _FIRST:
            totals, tape = JOURNAL.collect_with(self._tape)
            self._totals = totals if self._telling() else {}
            self._record(tape)
        return [
            Observation(cast("int | float", value), _attributes(metric, labels))
            for labels, value in self._totals.get(metric, {}).items()
        ]

    def _record(self, tape: list[Observations]) -> None:
        if self._telling():
            for metric, labels, values in tape:
                histogram, attributes = self._histograms[metric], _attributes(metric, labels)
                for value in values:
                    histogram.record(value, attributes)

    def _telling(self) -> bool:
        """Whether these metrics are wanted: one path carries them, unless they are asked for on this one too."""
        readers = JOURNAL.readers
        if readers is not self._readers:  # replaced whole when exporters change; this is asked in every fold
            self._readers = readers
            mine = any(reader in self._exporters for named in readers.values() for reader in named)
            self._wanted = mine and (self.always or len(readers) == 1)
        return self._wanted


def _attributes(metric: Metric, labels: Labels) -> dict[str, str | bool]:
    return {
        key: label if isinstance(label, bool) else str(label) for key, label in zip(metric.keys, labels, strict=True)
    }


def _forget(instrument: object) -> None:
    # The SDK has no public way. Where it keeps its sums elsewhere, a child goes on from its parent's histograms.
    real = getattr(instrument, "_real_instrument", instrument)  # of an instrument older than its provider
    storages = getattr(getattr(real, "_measurement_consumer", None), "_reader_storages", {})
    for storage in storages.values():
        getattr(storage, "_instrument_view_instrument_matches", {}).pop(real, None)


at_fork(Instruments.start_over)

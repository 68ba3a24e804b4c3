"""What two pods tell while they make calls: series for promtool that keep the laws of the telemetry contract."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeAlias

from retold import telemetry
from retold.dashboards.promql import family
from retold.telemetry import Metric, label_name

JOB = "shop"
NAMESPACE = "prod"
OPERATION = "shop.fetch"
BUDGET, OTHER_BUDGET = "catalogue", "mail"

# What telemetry adds on some paths and not on others, and what differs while a new version is rolled out.
_PODS = (
    {"instance": "10.0.0.1:9464", "pod": "shop-1", "otel_scope_name": "retold", "otel_scope_version": "1.0.0"},
    {"instance": "10.0.0.2:9464", "pod": "shop-2", "otel_scope_name": "retold", "otel_scope_version": "1.0.1"},
)
_ALL = {"namespace": NAMESPACE, "job": JOB}

Series: TypeAlias = tuple[Metric, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What happens in each minute, in each pod.

    Args:
        at_once: Calls that succeed with their first attempt.
        recovered: Calls that fail, wait, and succeed.
        gave_up: Calls that fail three times.
        fallbacks: Of these, such that are served a fallback.
        not_retryable: Calls that fail with an error that is not retried.
        cancelled: Calls that are cancelled in their first attempt.
        cancelled_late: Calls that are cancelled in their wait, after an attempt that failed and one more.
        polled: Calls whose result is rejected three times before they succeed.
        refused: Calls that give up before their first attempt.
        aborted: Calls that are left before their first attempt.
        unended: Failed attempts of calls that do not end.
        denied: Calls that fail, and are denied a retry by their budget.
        wait: Seconds before each retry.
        took: Seconds of each attempt.
        active: Calls going on at the end of each minute.
        waiting: Of these, asleep.
        overflows: Observations under _OTHER.
        raised: Times that an exporter raised.
        left: Retries that the budget has at the end of each minute.
        capacity: Those that it can hold.
        other_left: Those of a budget that denies nothing, and can hold 100.
    """

    at_once: int = 0
    recovered: int = 0
    gave_up: int = 0
    fallbacks: int = 0
    not_retryable: int = 0
    cancelled: int = 0
    cancelled_late: int = 0
    polled: int = 0
    refused: int = 0
    aborted: int = 0
    unended: int = 0
    denied: int = 0
    wait: float = 0.25
    took: float = 0.25
    active: int = 0
    waiting: int = 0
    overflows: int = 0
    raised: int = 0
    left: float = 100
    capacity: float = 100
    other_left: float = 100

    def counted(self) -> dict[Series, float]:
        """By how much counters and sums grow in a minute."""
        name = OPERATION
        retries = self.recovered + self.cancelled_late + 2 * self.gave_up + 3 * self.polled + self.unended
        attempts = {
            "success": self.at_once + self.recovered + self.polled,
            "error": self.recovered
            + 2 * self.cancelled_late
            + 3 * self.gave_up
            + self.not_retryable
            + self.unended
            + self.denied,
            "rejected": 3 * self.polled,
            "cancelled": self.cancelled,
        }
        return {
            (telemetry.CALLS, (name, "success", "false")): self.at_once,
            (telemetry.CALLS, (name, "success", "true")): self.recovered + self.polled,
            (telemetry.CALLS, (name, "attempts_exhausted", "true")): self.gave_up,
            (telemetry.CALLS, (name, "deadline_exceeded", "false")): self.refused,
            (telemetry.CALLS, (name, "budget_exhausted", "false")): self.denied,
            (telemetry.CALLS, (name, "aborted", "false")): self.aborted,
            (telemetry.CALLS, (name, "not_retryable", "false")): self.not_retryable,
            (telemetry.CALLS, (name, "cancelled", "false")): self.cancelled,
            (telemetry.CALLS, (name, "cancelled", "true")): self.cancelled_late,
            **{(telemetry.ATTEMPTS, (name, outcome)): count for outcome, count in attempts.items()},
            (telemetry.GIVE_UPS, (name, "attempts_exhausted")): self.gave_up,
            (telemetry.GIVE_UPS, (name, "deadline_exceeded")): self.refused,
            (telemetry.GIVE_UPS, (name, "budget_exhausted")): self.denied,
            (telemetry.FALLBACKS, (name,)): self.fallbacks,
            (telemetry.RETRY_DELAYS, (name,)): self.wait * retries,
            (telemetry.CALL_DURATION, (name, "success")): self.wait * retries + self.took * sum(attempts.values()),
            (telemetry.EXPORTER_FAILURES, ("structlog",)): self.raised,
            (telemetry.LABEL_OVERFLOWS, ("retold.operation",)): self.overflows,
            (telemetry.BUDGET_DENIALS, (BUDGET,)): self.denied,
            (telemetry.BUDGET_DENIALS, (OTHER_BUDGET,)): 0,
        }

    def measured(self) -> dict[Series, float]:
        """What gauges show at the end of each minute."""
        return {
            (telemetry.CALL_ACTIVE, (OPERATION,)): self.active,
            (telemetry.CALL_WAITING, (OPERATION,)): self.waiting,
            (telemetry.BUDGET_AVAILABLE, (BUDGET,)): self.left,
            (telemetry.BUDGET_CAPACITY, (BUDGET,)): self.capacity,
            (telemetry.BUDGET_AVAILABLE, (OTHER_BUDGET,)): self.other_left,
            (telemetry.BUDGET_CAPACITY, (OTHER_BUDGET,)): 100,
        }


@dataclass(frozen=True, slots=True)
class Phase:
    """Minutes of the same. Without traffic there are no metrics of ours; `up` is what Prometheus has to say of them."""

    minutes: int
    traffic: Traffic | None
    second: Traffic | None = None
    """The second pod's, if it is not the first's."""
    up: bool = True

    def of(self, pod: int) -> Traffic | None:
        return self.second if pod and self.second is not None else self.traffic


def input_series(phases: Sequence[Phase], restart: int, needed: Collection[str]) -> list[dict[str, str]]:
    """What promtool is to scrape each minute from 0 on, of the `needed` names.

    The second pod is restarted after minute `restart`.
    """
    found = []
    for number, labels in enumerate(_PODS):
        minutes = [phase.of(number) for phase in phases for _ in range(phase.minutes)]
        ups = [int(phase.up) for phase in phases for _ in range(phase.minutes)]
        found.append({"series": _selector("up", {**_ALL, **labels}), "values": _written([1, *ups])})
        for metric, values in [*Traffic().counted(), *Traffic().measured()]:
            name = family(metric, "sum" if metric.kind == "histogram" else None)
            if name not in needed:
                continue
            own = dict(zip(map(label_name, metric.keys), values, strict=True))
            samples = list(_samples((metric, values), minutes, restart if number else None))
            found.append({"series": _selector(name, {**_ALL, **labels, **own}), "values": _written(samples)})
    return found


def _samples(series: Series, minutes: Sequence[Traffic | None], restart: int | None) -> Iterator[float | None]:
    """What there is to see at each minute from 0 on."""
    metric, _ = series
    born = metric.kind == "counter"  # at 0; a histogram at its first observation
    value = 0.0
    yield None if minutes[0] is None else value if metric.kind != "histogram" else None
    for number, traffic in enumerate(minutes, start=1):
        if traffic is None:
            value = 0.0
            yield None
            continue
        if metric.kind == "gauge":
            yield traffic.measured()[series]
            continue
        grown = traffic.counted()[series]
        value = (0.0 if number == restart else value) + grown
        born = born or grown > 0
        yield value if born else None


def _selector(name: str, labels: dict[str, str]) -> str:
    inside = ", ".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{name}{{{inside}}}"


def _written(samples: Sequence[float | None]) -> str:
    """In promtool's notation, where `3+2x5` is 3 and five more, each greater by 2, and `_x5` are five absent ones."""
    written: list[str] = []
    rest = list(samples)
    while rest:
        length, text = _run(rest[0], rest)
        written.append(text)
        del rest[:length]
    return " ".join(written)


def _run(first: float | None, rest: Sequence[float | None]) -> tuple[int, str]:
    """How many samples go on as the first two do, and how that is written."""
    if first is None:
        length = len(list(takewhile(lambda each: each is None, rest)))
        return length, f"_x{length}"
    step = rest[1] - first if len(rest) > 1 and rest[1] is not None else 0.0
    length = len(list(takewhile(lambda pair: pair[1] == first + step * pair[0], enumerate(rest))))
    return length, f"{first:.12g}{step:+.12g}x{length - 1}" if length > 1 else f"{first:.12g}"

"""Replays one script on one backend, in a process of its own, and writes what the backend says as JSON.

`python -m tests.laws.replay memory 1000`: so many calls, the nested ones not counted.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from prometheus_client import CollectorRegistry, start_http_server

import retold
from retold import Budget, Exporter
from retold.exporters.logging import Logging
from retold.exporters.prometheus import Prometheus
from retold.testing import MemoryExporter
from tests.exporters.sdk import Sdk, attributes, parent_id, span_id
from tests.laws.equations import assert_in_joint
from tests.laws.play import STRANDS, Player
from tests.laws.queries import answers
from tests.laws.script import BUDGETS, policies, script
from tests.readings import Numbers, collected_by, scraped_from, sum_of, told_to
from tests.services.prometheus import PrometheusServer

SEED = 20_261_122
ROUNDS = 10
_POLL_INTERVAL = 0.1


def replay(
    calls: int, exporters: list[Exporter], *, meanwhile: Callable[[], object], after_each: Callable[[], object]
) -> Player:
    """Make the calls in rounds, doing something else all the time, and another thing when a round is over."""
    choices = [policies(SEED) for _ in range(STRANDS)]
    steps, player = script(SEED, calls, len(choices[0])), Player(choices)
    with retold.configure(exporters=exporters), ThreadPoolExecutor(1) as pool:
        for number in range(ROUNDS):
            playing = pool.submit(player.play, steps[number::ROUNDS])
            while wait([playing], _POLL_INTERVAL).not_done:
                meanwhile()
            playing.result()
            after_each()
    return player


class Watch:
    """Reads the metrics over and over, and checks what must hold at any reading."""

    def __init__(self, read: Callable[[], Numbers]) -> None:
        self._read = read
        self.numbers: Numbers = {}
        self.readings = 0

    def __call__(self) -> None:
        before, self.numbers = self.numbers, self._read()
        self.readings += 1
        assert_in_joint(before, self.numbers)


def on_memory(calls: int) -> dict[str, Any]:
    """What calls were, as they were told."""
    memory = MemoryExporter()
    numbers: Counter[tuple[str, ...]] = Counter()
    kinds: Counter[str] = Counter()

    def fold() -> None:
        told = {key: value for key, value in told_to(memory).items() if key[0] != "retold.retry.delay sum"}
        numbers.update(told)
        for call in memory.calls:  # what was waited, where a wait was cut off, is less than what was planned
            numbers["retold.retry.delay sum", call.operation] += call.delay_total  # type: ignore[assignment]
        kinds.update(type(event).__name__ for event in memory.events)
        memory.clear()

    player = replay(calls, [memory], meanwhile=lambda: None, after_each=fold)
    numbers.update({("retold.nested_retries", name): count for name, count in player.nested.items()})
    for key in [key for key in numbers if key[0] == "retold.give_ups" and key[2] == "budget_exhausted"]:
        numbers["retold.budget.denials", BUDGETS[key[1]]] += numbers[key]
    numbers.update(left_of(player))
    return {"numbers": flat(numbers), "events": kinds}


def left_of(player: Player) -> Numbers:
    """How budgets stand, those of one name together."""
    numbers: Numbers = {}
    for budget in {each.bucket: each for each in budgets_of(player)}.values():
        degraded = "retold.budget.degraded", budget.name
        numbers[degraded] = max(numbers.get(degraded, 0), budget.available < 1)
        for name, value in ("available", budget.available), ("capacity", budget.capacity):
            key = f"retold.budget.{name}", budget.name
            numbers[key] = numbers.get(key, 0) + value
    return numbers


def budgets_of(player: Player) -> Iterator[Budget]:
    return (policy._rules.budget for each in player.policies for policy in each if policy._rules.budget is not None)


def on_prometheus(calls: int) -> dict[str, Any]:
    """What a registry says, what a real Prometheus has scraped of it, and how many lines there were."""
    registry, lines = CollectorRegistry(), Lines()
    watch = Watch(lambda: scraped_from(registry))
    http, thread = start_http_server(0, "127.0.0.1", registry)
    logger, logs = logging.getLogger("retold"), Logging()
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    try:
        with PrometheusServer([f"127.0.0.1:{http.server_port}"]) as server:
            player = replay(calls, [Prometheus(registry), logs], meanwhile=watch, after_each=watch)
            ended = sum_of(watch.numbers, "retold.calls")
            server.wait_until("sum(retold_calls_total)", lambda samples: [each.value for each in samples] == [ended])
            scraped = answers(server)
            del player  # whose budgets were read until now
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
    logs.close()
    return {
        "numbers": flat(watch.numbers),
        "readings": watch.readings,
        "scraped": flat(scraped.numbers),
        "laws": scraped.laws,
        "lines": lines.gave_up + lines.suppressed,
        "warnings": lines.warnings,
    }


class Lines(logging.Handler):
    """Counts the lines that say that a call gave up, and those they say were held back."""

    def __init__(self) -> None:
        super().__init__()
        self.gave_up = self.suppressed = self.warnings = 0

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == "retold.call.gave_up":
            self.gave_up += 1
            self.suppressed += vars(record).get("retold.suppressed", 0)
            self.warnings += record.levelno == logging.WARNING


def on_opentelemetry(calls: int, attempt_spans: str = "always") -> dict[str, Any]:
    """What the readers of OpenTelemetry's SDK have got."""
    sdk, spans = Sdk(), Spans()
    watch = Watch(lambda: collected_by(sdk.reader))

    def fold() -> None:
        watch()
        for span in sdk.finished.get_finished_spans():
            spans.add(span)
        spans.started += len(sdk.sampler.started)
        sdk.finished.clear()
        sdk.sampler.started.clear()

    replay(calls, [sdk.exporter(metrics=True, attempt_spans=attempt_spans)], meanwhile=watch, after_each=fold)
    sdk.close()
    return {
        "numbers": flat(watch.numbers),
        "readings": watch.readings,
        "started": spans.started,
        "calls": flat(spans.calls),
        "attempts": flat(spans.attempts),
        "below": sum(spans.below.values()),
        "expected below": sum(spans.expected.values()),
        "misplaced": sum(spans.below[call] != count for call, count in spans.expected.items()),
        "dropped": spans.dropped,
    }


class Spans:
    """Counts spans by what they say."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, ...]] = Counter()
        self.attempts: Counter[tuple[str, ...]] = Counter()
        self.below: Counter[int | None] = Counter()
        self.expected: dict[int, int] = {}
        self.started = self.dropped = 0

    def add(self, span: ReadableSpan) -> None:
        of = attributes(span)
        if "retold.outcome" in of:
            status = span.status.status_code.name
            retried = str(of["retold.retried"]).lower()
            self.calls[of["retold.operation"], of["retold.outcome"], retried, status] += 1
            dropped = of.get("retold.attempt.spans_dropped", 0)
            self.dropped += dropped
            self.expected[span_id(span)] = of["retold.attempt.count"] - dropped
        else:
            self.attempts[of["retold.operation"], of["retold.attempt.outcome"], span.status.status_code.name] += 1
            self.below[parent_id(span)] += 1


def flat(numbers: Any) -> list[list[Any]]:
    """As JSON can say it."""
    return sorted([*key, value] for key, value in numbers.items() if value)


BACKENDS: dict[str, Callable[..., dict[str, Any]]] = {
    "memory": on_memory,
    "prometheus": on_prometheus,
    "opentelemetry": on_opentelemetry,
}

if __name__ == "__main__":
    print(json.dumps(BACKENDS[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:])))

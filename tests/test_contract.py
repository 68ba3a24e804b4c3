"""The conservation laws, on random mixes of calls, as each backend sees them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

import retold
from retold import Outcome
from retold.exporters._lines import Fields, Lines
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL
from retold.telemetry import MAX_ATTEMPT_SPANS
from retold.testing import MemoryExporter
from tests.exporters.sdk import Sdk, attributes, parent_id, span_id
from tests.laws.equations import assert_laws
from tests.plans import PLANS, Plan, perform
from tests.readings import collected_by, scraped_from, sum_of, told_to, without_limits


class Kept(Lines):
    """Counts the lines that say that a call gave up, and those that were held back."""

    name = "kept"

    def __init__(self) -> None:
        super().__init__(now=lambda: 0.0)
        self.gave_up: list[object] = []
        self.suppressed = 0

    def write(self, level: int, event: str, fields: Fields) -> None:
        if event == "retold.call.gave_up":
            self.gave_up.append(fields["retold.operation"])
            self.suppressed += int(fields.get("retold.suppressed", 0))


@dataclass
class Everyone:
    """All backends at once."""

    memory: MemoryExporter
    sdk: Sdk
    registry: CollectorRegistry
    lines: Kept


@contextmanager
def everyone() -> Iterator[Everyone]:
    JOURNAL.forget()
    all_of_them = Everyone(MemoryExporter(), Sdk(), CollectorRegistry(), Kept())
    prometheus = Prometheus(all_of_them.registry)
    spans_and_metrics = all_of_them.sdk.exporter(metrics=True)
    with retold.configure(exporters=[all_of_them.memory, spans_and_metrics, prometheus, all_of_them.lines]):
        yield all_of_them
    prometheus.close()
    all_of_them.sdk.close()


@settings(max_examples=60)
@given(plans=PLANS, threads=st.integers(1, 4))
def test_the_metrics_are_the_same_exact_numbers_on_every_path(plans: list[Plan], threads: int) -> None:
    with everyone() as told:
        nested = perform(plans, threads)
        wanted = told_to(told.memory, nested)
        on_prometheus, on_opentelemetry = scraped_from(told.registry), collected_by(told.sdk.reader)

    assert without_limits(on_prometheus) == wanted
    assert without_limits(on_opentelemetry) == wanted
    assert on_prometheus == on_opentelemetry
    assert_laws(on_prometheus)
    delays = sum(call.delay_total for call in told.memory.calls)
    assert sum_of(on_prometheus, "retold.retry.delay sum") == delays


@settings(max_examples=60)
@given(plans=PLANS, threads=st.integers(1, 4))
def test_the_spans_are_the_calls_and_attempts(plans: list[Plan], threads: int) -> None:
    with everyone() as told:
        perform(plans, threads)

    spans = told.sdk.spans
    calls = {span_id(span): attributes(span) for span in told.sdk.calls()}
    attempts = told.sdk.attempts()
    assert len(told.sdk.sampler.started) == len(spans) == len(calls) + len(attempts)
    assert Counter(
        (of["retold.operation"], of["retold.outcome"], of["retold.attempt.count"]) for of in calls.values()
    ) == (Counter((call.operation, call.outcome, call.attempts) for call in told.memory.calls))
    assert Counter(attributes(span)["retold.attempt.outcome"] for span in attempts) == (
        Counter(attempt.outcome for attempt in told.memory.attempts)
    )
    below = Counter(parent_id(span) for span in attempts)
    assert below == {key: min(of["retold.attempt.count"], MAX_ATTEMPT_SPANS) for key, of in calls.items()}


@settings(max_examples=40)
@given(plans=PLANS, threads=st.integers(1, 4))
def test_every_call_that_gives_up_is_a_line_or_counted_as_suppressed(plans: list[Plan], threads: int) -> None:
    with everyone() as told:
        perform(plans * 4, threads)

    gave_up = sum(call.outcome.is_give_up for call in told.memory.calls)
    told.lines.close()
    assert len(told.lines.gave_up) + told.lines.suppressed == gave_up


@settings(max_examples=40)
@given(plans=PLANS, threads=st.integers(1, 4))
def test_every_call_is_told_from_its_start_to_its_one_end(plans: list[Plan], threads: int) -> None:
    with everyone() as told:
        perform(plans, threads)

    kinds = Counter(type(event).__name__ for event in told.memory.events)
    assert kinds["CallStarted"] == kinds["CallEnded"] == sum(1 for _ in told.memory.calls)
    assert kinds["AttemptStarted"] == kinds["AttemptEnded"] == sum(call.attempts for call in told.memory.calls)
    for call in told.memory.calls:
        assert (call.error_type is None) is (call.outcome in (Outcome.SUCCESS, Outcome.CANCELLED))

"""Calls whose spans would not be recorded: they cost next to nothing, and other exporters still get them whole."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_ON,
    AlwaysRecordSampler,
    ParentBased,
    Sampler,
    TraceIdRatioBased,
)
from opentelemetry.trace import INVALID_SPAN, NonRecordingSpan, SpanContext, TraceFlags
from prometheus_client import CollectorRegistry

import retold
from retold import Exporter, Policy
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL
from retold.telemetry import EXPORTER_FAILURES
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk, Watching, parent_id, span_id
from tests.forms import Failing, Form
from tests.wrapper.ways import Asked

OPERATION = "shop.fetch"
PARENT = 0x4111


def policy(clock: ManualClock, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "attempts": 2, "backoff": 1, "operation": OPERATION, "clock": clock}
    return Policy(**given | options)


def current() -> SpanContext:
    return trace.get_current_span().get_span_context()


@pytest.fixture
def sampler() -> Watching:
    return Watching(DEFAULT_ON)


@pytest.fixture
def sdk(sampler: Watching) -> Iterator[Sdk]:
    made = Sdk(sampler)
    with retold.configure(exporters=[made.exporter()]):
        yield made
    made.close()


@pytest.fixture(params=[True, False], ids=["remote parent", "local parent"])
def unsampled(request: pytest.FixtureRequest) -> Iterator[SpanContext]:
    """Inside of a span that is not sampled."""
    parent = SpanContext(PARENT, PARENT, is_remote=request.param, trace_flags=TraceFlags(TraceFlags.DEFAULT))
    token = attach(trace.set_span_in_context(NonRecordingSpan(parent)))
    yield parent
    detach(token)


@pytest.mark.usefixtures("unsampled")
def test_below_an_unsampled_parent_the_sampler_is_not_even_asked(
    sdk: Sdk, sampler: Watching, form: Form, clock: ManualClock
) -> None:
    seen: list[int] = []
    turns = Failing(OSError, "page")

    def work() -> Any:
        seen.append(current().span_id)
        return turns()

    form.perform(policy(clock), work)
    form.perform(policy(clock), work)

    assert sampler.asked == []
    assert seen == [PARENT] * 3


@pytest.mark.parametrize("failures", [0, 1, 2])
@pytest.mark.usefixtures("unsampled")
def test_other_exporters_get_an_unsampled_call_whole(sdk: Sdk, form: Form, clock: ManualClock, failures: int) -> None:
    class Late(MemoryExporter):
        live = False
        hears_success = False

    late, registry = Late(), CollectorRegistry()
    with retold.configure(exporters=[sdk.exporter(), Prometheus(registry), late]):
        for _ in range(3):
            try:
                form.perform(policy(clock), Failing(*[OSError] * failures, "page"))
            except OSError:
                assert failures == 2

    outcome, retried = ("attempts_exhausted" if failures == 2 else "success"), str(failures > 0).lower()
    labels = {"retold_operation": OPERATION, "retold_outcome": outcome, "retold_retried": retried}
    assert registry.get_sample_value("retold_calls_total", labels) == 3
    assert registry.get_sample_value("retold_call_active", {"retold_operation": OPERATION}) == 0
    assert [event.outcome for event in late.calls] == [outcome] * (3 if failures else 0)
    assert len(late.attempts) == 3 * (2 if failures else 0)
    assert sdk.spans == []


def test_calls_of_one_function_are_asked_about_each_time(sdk: Sdk, clock: ManualClock) -> None:
    registry = CollectorRegistry()
    unsampled = trace.set_span_in_context(NonRecordingSpan(SpanContext(PARENT, PARENT, is_remote=True)))

    @policy(clock, operation=None)
    def fetch() -> int:
        return current().span_id

    with retold.configure(exporters=[sdk.exporter(), Prometheus(registry)]):
        seen = []
        for context in [Context(), unsampled, Context()]:
            token = attach(context)
            seen.append(fetch())
            detach(token)

    first, third = sdk.attempts()
    assert seen == [span_id(first), PARENT, span_id(third)]
    [calls] = [family for family in registry.collect() if family.name == "retold_calls"]
    assert sum(sample.value for sample in calls.samples if sample.name == "retold_calls_total") == 3


async def test_tasks_side_by_side_are_asked_about_each(sdk: Sdk, clock: ManualClock) -> None:
    @policy(clock, operation=None)
    async def fetch() -> int:
        await asyncio.sleep(0)
        return current().span_id

    async def one(*, sampled: bool) -> int:
        flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
        span = NonRecordingSpan(SpanContext(PARENT, PARENT, is_remote=True, trace_flags=flags))
        with trace.use_span(span):
            return await fetch()

    seen = await asyncio.gather(*(one(sampled=number % 2 == 0) for number in range(4)))

    assert seen[1::2] == [PARENT] * 2
    assert sorted(seen[::2]) == sorted(map(span_id, sdk.attempts()))
    assert {parent_id(span) for span in sdk.calls()} == {PARENT}


def test_below_a_sampled_parent_the_call_is_recorded(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    with sdk.tracer.start_as_current_span("order") as order:
        form.perform(policy(clock), Failing("page"))

    assert parent_id(sdk.span(OPERATION)) == order.get_span_context().span_id


KEEPS_UNSAMPLED: dict[str, Sampler] = {
    "always on": ALWAYS_ON,
    "by its own rule": ParentBased(ALWAYS_ON, remote_parent_not_sampled=ALWAYS_ON, local_parent_not_sampled=ALWAYS_ON),
    "local ones": ParentBased(ParentBased(ALWAYS_ON), local_parent_not_sampled=ALWAYS_ON),
    "remote ones": ParentBased(ALWAYS_ON, remote_parent_not_sampled=ALWAYS_ON),
    "nested": ParentBased(ALWAYS_ON, ALWAYS_ON, ALWAYS_OFF, ALWAYS_ON, ParentBased(ALWAYS_ON)),
}


@pytest.mark.parametrize("other", KEEPS_UNSAMPLED.values(), ids=KEEPS_UNSAMPLED)
def test_a_sampler_that_may_keep_what_the_parent_does_not_is_asked(
    other: Sampler, unsampled: SpanContext, form: Form, clock: ManualClock
) -> None:
    sampler = Watching(other)
    sdk = Sdk(sampler)

    with retold.configure(exporters=[sdk.exporter()]):
        form.perform(policy(clock), Failing("page"))

    assert sampler.asked[0] == OPERATION
    assert {parent_id(span) for span in sdk.calls()} <= {unsampled.span_id}
    sdk.close()


class Speechless(Watching):
    """Cannot say what it is."""

    def get_description(self) -> str:
        raise NotImplementedError


@pytest.mark.usefixtures("unsampled")
def test_a_sampler_that_cannot_describe_itself_is_asked(form: Form, clock: ManualClock) -> None:
    sdk = Sdk(Speechless(ALWAYS_ON))

    with retold.configure(exporters=[sdk.exporter()]):
        form.perform(policy(clock), Failing("page"))

    assert len(sdk.spans) == 2
    sdk.close()


@pytest.mark.parametrize("attempt_spans", ["always", "on_retry", "off"])
@pytest.mark.parametrize(
    "other", [ALWAYS_OFF, ParentBased(ALWAYS_OFF), TraceIdRatioBased(0)], ids=lambda sampler: sampler.get_description()
)
def test_what_a_sampler_drops_is_current_so_that_children_follow_its_decision(
    other: Sampler, attempt_spans: str, form: Form, clock: ManualClock
) -> None:
    sampler, seen = Watching(other), list[SpanContext]()
    sdk = Sdk(sampler)
    turns = Failing(OSError, "page")

    def work() -> Any:
        seen.append(current())
        return turns()

    with retold.configure(exporters=[sdk.exporter(attempt_spans=attempt_spans, exception_details="full")]):
        form.perform(policy(clock), work)

    under = seen[attempt_spans == "on_retry" :]
    assert all(context.is_valid and not context.trace_flags.sampled for context in under)
    assert len({context.trace_id for context in under}) == 1
    follows = isinstance(other, ParentBased) or attempt_spans == "off"
    assert sampler.asked == ([OPERATION] if follows else [OPERATION, *[f"attempt {OPERATION}"] * 2])
    assert sdk.spans == []
    assert trace.get_current_span() is INVALID_SPAN
    sdk.close()


class Ended(SpanProcessor):
    """Keeps the names of spans that were recorded, sampled or not."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.names.append(span.name)


def test_spans_that_are_recorded_and_not_sampled_are_all_made(form: Form, clock: ManualClock) -> None:
    sdk, ended = Sdk(AlwaysRecordSampler(ParentBased(ALWAYS_OFF))), Ended()
    sdk.tracers.add_span_processor(ended)

    with retold.configure(exporters=[sdk.exporter()]):
        form.perform(policy(clock), Failing(OSError, "page"))

    assert sorted(ended.names) == [f"attempt {OPERATION}"] * 2 + [OPERATION]
    assert sdk.spans == []
    sdk.close()


class Broken(Exporter):
    """Cannot say whether it wants a call."""

    name = "broken"
    live = True

    def wants_call(self) -> bool:
        raise RuntimeError

    def call_started(self, event: object) -> None:
        raise AssertionError


def test_an_exporter_that_fails_to_say_whether_it_wants_a_call_is_not_told_of_it(
    form: Form, clock: ManualClock
) -> None:
    with retold.configure(exporters=[Broken()]):
        assert form.perform(policy(clock), Failing(OSError, "page")) in ("page", None)

    assert JOURNAL.collect()[EXPORTER_FAILURES] == {("broken",): 1}


@pytest.mark.parametrize("wants", [(True, False), (False, True), (False, False)])
def test_a_call_that_one_of_several_wants_is_told_to_all(
    form: Form, clock: ManualClock, wants: tuple[bool, bool]
) -> None:
    exporters = [Asked(wants=each) for each in wants]

    with retold.configure(exporters=exporters):
        form.perform(policy(clock), Failing(OSError, "page"))

    assert [len(each.events) for each in exporters] == [7 if any(wants) else 0] * 2

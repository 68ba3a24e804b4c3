"""The sampled spans that are shown beside the buckets they fell into."""

import re
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics import exposition

import retold
from retold import Policy, telemetry
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, attributes
from tests.forms import Failing


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def policy(clock: ManualClock, operation: str = "shop.fetch", **options: Any) -> Policy[Any]:
    return Policy(on=OSError, operation=operation, clock=clock, **options)


def exemplars(registry: CollectorRegistry) -> dict[str, dict[str, str]]:
    return {
        sample.name: dict(sample.exemplar.labels)
        for family in registry.collect()
        for sample in family.samples
        if sample.exemplar is not None
    }


def test_sampled_spans_are_shown_as_exemplars(registry: CollectorRegistry, clock: ManualClock) -> None:
    sdk = Sdk()

    with retold.configure(exporters=[sdk.exporter(), Prometheus(registry)]):
        policy(clock).call(Failing("page"))
        shown, text = exemplars(registry), str(exposition.generate_latest(registry), "utf-8")  # type: ignore[no-untyped-call]

    ids = {
        name: {"trace_id": f"{span.context.trace_id:032x}", "span_id": f"{span.context.span_id:016x}"}
        for name, span in [("call", sdk.span("shop.fetch")), ("attempt", sdk.span("attempt shop.fetch"))]
        if span.context
    }
    assert shown == {
        "retold_call_duration_seconds_bucket": ids["call"],
        "retold_attempt_duration_seconds_bucket": ids["attempt"],
    }
    assert set(re.findall(r'trace_id="(\w+)"', text)) == {ids["call"]["trace_id"]}
    sdk.close()


def test_an_exemplar_is_stamped_with_the_end_of_its_attempt(registry: CollectorRegistry, clock: ManualClock) -> None:
    sdk = Sdk()

    with retold.configure(exporters=[sdk.exporter(), Prometheus(registry)]):
        policy(clock).call(Failing("page"))

    [stamp] = [
        sample.exemplar.timestamp
        for family in registry.collect()
        for sample in family.samples
        if sample.exemplar is not None and family.name == "retold_attempt_duration_seconds"
    ]
    assert stamp == pytest.approx((sdk.span("attempt shop.fetch").end_time or 0) / 1e9, abs=1e-6)
    sdk.close()


def test_unsampled_spans_are_no_exemplars(registry: CollectorRegistry, clock: ManualClock) -> None:
    tracers = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
    with retold.configure(exporters=[OpenTelemetry(tracer_provider=tracers), Prometheus(registry)]):
        policy(clock, fallback=None).call(Failing(OSError))

    assert exemplars(registry) == {}
    assert registry.get_sample_value("retold_fallbacks_total", {"retold_operation": "shop.fetch"}) == 1


def test_exemplars_of_operations_beyond_the_limit_count_no_overflow_of_their_own(
    registry: CollectorRegistry, clock: ManualClock
) -> None:
    sdk = Sdk()

    with retold.configure(exporters=[sdk.exporter(), Prometheus(registry)]):
        for number in range(telemetry.MAX_OPERATIONS + 3):
            policy(clock, operation=f"shop.{number}").call(Failing("page"))

    assert registry.get_sample_value("retold_label_overflows_total", {"retold_label": "retold.operation"}) == 3
    calls = {"retold_operation": "_OTHER", "retold_outcome": "success", "retold_retried": "false"}
    assert registry.get_sample_value("retold_calls_total", calls) == 3
    assert attributes(sdk.spans[-1])["retold.operation"] == f"shop.{telemetry.MAX_OPERATIONS + 2}"
    sdk.close()

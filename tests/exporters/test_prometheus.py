"""What Prometheus scrapes: names and labels of the contract, in both formats, from any registry."""

import importlib
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.openmetrics import exposition, parser
from prometheus_client.parser import text_string_to_metric_families as parse

import retold
from retold import Budget, Policy
from retold.exporters import prometheus
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock
from tests.forms import Failing
from tests.services.prometheus import promtool_check_metrics

NAMES = {
    "retold_calls": ("counter", "operation outcome retried"),
    "retold_call_duration_seconds": ("histogram", "operation outcome"),
    "retold_call_attempts": ("histogram", "operation outcome"),
    "retold_call_active": ("gauge", "operation"),
    "retold_call_waiting": ("gauge", "operation"),
    "retold_attempts": ("counter", "operation attempt_outcome"),
    "retold_attempt_duration_seconds": ("histogram", "operation attempt_outcome"),
    "retold_attempt_failures": ("counter", "operation error_type"),
    "retold_retry_delay_seconds": ("histogram", "operation"),
    "retold_nested_retries": ("counter", "operation"),
    "retold_give_ups": ("counter", "operation outcome"),
    "retold_fallbacks": ("counter", "operation"),
    "retold_policy_max_attempts": ("gauge", "operation"),
    "retold_budget_available": ("gauge", "budget"),
    "retold_budget_capacity": ("gauge", "budget"),
    "retold_budget_degraded": ("gauge", "budget"),
    "retold_budget_denials": ("counter", "budget"),
    "retold_exporter_failures": ("counter", "exporter"),
    "retold_label_overflows": ("counter", "label"),
}


# The client's OpenMetrics modules have no types.
generate_openmetrics: Callable[[CollectorRegistry], bytes] = exposition.generate_latest
parse_openmetrics: Callable[[str], Iterable[Metric]] = parser.text_string_to_metric_families


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def policy(clock: ManualClock, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "attempts": 3, "backoff": 2, "operation": "shop.fetch", "clock": clock}
    return Policy(**given | options)


def work_of_every_kind(clock: ManualClock) -> Policy[Any]:
    """A call that recovers, one that gives up with a fallback, and one that succeeds at once.

    Returns a policy that has a budget, which is told of as long as somebody has it.
    """
    policy(clock).call(Failing(OSError, "page"))
    policy(clock, fallback=None).call(Failing(OSError))
    policy(clock).call(Failing("page"))
    return Policy(on=OSError, budget=Budget("shop"))


def test_the_text_has_every_metric_of_the_contract(registry: CollectorRegistry, clock: ManualClock) -> None:
    with retold.configure(exporters=[Prometheus(registry)]):
        budgeted = work_of_every_kind(clock)
        families = list(parse(generate_latest(registry).decode()))
        del budgeted

    assert {family.name: family.type for family in families} == {name: kind for name, (kind, _) in NAMES.items()}
    for family in families:
        labels = {frozenset(sample.labels) - {"le"} for sample in family.samples}
        wanted = {key if key == "error_type" else f"retold_{key}" for key in NAMES[family.name][1].split()}
        assert labels == {frozenset(wanted)}


def test_the_values_are_those_of_the_calls(registry: CollectorRegistry, clock: ManualClock) -> None:
    with retold.configure(exporters=[Prometheus(registry)]):
        work_of_every_kind(clock)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(
            name, {"retold_operation": "shop.fetch", **{f"retold_{key}": label for key, label in labels.items()}}
        )

    assert value("retold_calls_total", outcome="success", retried="true") == 1
    assert value("retold_calls_total", outcome="success", retried="false") == 1
    assert value("retold_calls_total", outcome="attempts_exhausted", retried="true") == 1
    assert value("retold_attempts_total", attempt_outcome="error") == 4
    assert value("retold_fallbacks_total") == 1
    assert value("retold_call_attempts_sum", outcome="success") == 3
    assert value("retold_retry_delay_seconds_bucket", le="+Inf") is None
    assert value("retold_retry_delay_seconds_count") == 3
    assert value("retold_retry_delay_seconds_sum") == 6


def test_both_formats_are_well_formed(registry: CollectorRegistry, clock: ManualClock) -> None:
    with retold.configure(exporters=[Prometheus(registry)]):
        budgeted = work_of_every_kind(clock)
        text, openmetrics = generate_latest(registry).decode(), generate_openmetrics(registry).decode()
        del budgeted

    assert openmetrics.endswith("# EOF\n")
    assert {family.name for family in parse_openmetrics(openmetrics)} == set(NAMES)
    assert (
        'retold_calls_total{retold_operation="shop.fetch",retold_outcome="success",retold_retried="true"} 1.0' in text
    )


def test_promtool_finds_nothing_wrong(registry: CollectorRegistry, clock: ManualClock) -> None:
    with retold.configure(exporters=[Prometheus(registry)]):
        budgeted = work_of_every_kind(clock)
        text = generate_latest(registry).decode()
        del budgeted

    assert promtool_check_metrics(text) == (0, "")


def test_a_decorated_function_that_was_never_called_has_its_counters_at_0(registry: CollectorRegistry) -> None:
    with retold.configure(exporters=[Prometheus(registry)]):

        @retold.retry(on=OSError, operation="shop.fetch")
        def fetch() -> None:
            raise AssertionError("it is not called")

        samples = [sample for family in registry.collect() for sample in family.samples]

    mine = [sample for sample in samples if sample.labels.get("retold_operation") == "shop.fetch"]
    assert {sample.name: sample.value for sample in mine} == {
        "retold_calls_total": 0,
        "retold_attempts_total": 0,
        "retold_nested_retries_total": 0,
        "retold_give_ups_total": 0,
        "retold_fallbacks_total": 0,
        "retold_call_active": 0,
        "retold_call_waiting": 0,
        "retold_policy_max_attempts": 3,
    }
    give_ups = {s.labels["retold_outcome"] for s in mine if s.name == "retold_give_ups_total"}
    assert give_ups == {"attempts_exhausted", "deadline_exceeded", "budget_exhausted", "hint_refused"}


def test_an_operation_that_was_registered_by_hand_is_known(registry: CollectorRegistry) -> None:
    with retold.configure(exporters=[Prometheus(registry)]):
        retold.register("shop.pay")

    assert registry.get_sample_value("retold_fallbacks_total", {"retold_operation": "shop.pay"}) == 0


def test_registries_are_served_apart(clock: ManualClock) -> None:
    mine, other = CollectorRegistry(), CollectorRegistry()

    with retold.configure(exporters=[Prometheus(mine)]):
        policy(clock).call(Failing("page"))

    assert b"retold_calls_total" in generate_latest(mine)
    assert generate_latest(other) == b""


def test_a_registry_can_be_asked_for_some_metrics_only(registry: CollectorRegistry) -> None:
    Prometheus(registry)

    some = registry.restricted_registry(["retold_label_overflows_total"])

    assert {family.name for family in some.collect()} == {"retold_label_overflows"}


def test_a_second_exporter_on_a_registry_changes_nothing(registry: CollectorRegistry) -> None:
    Prometheus(registry)
    once = generate_latest(registry)

    Prometheus(registry)

    assert generate_latest(registry) == once


def test_the_default_registry_is_the_client_s() -> None:
    exporter = Prometheus()

    assert b"retold_calls" in generate_latest(REGISTRY)
    exporter.close()
    assert b"retold_calls" not in generate_latest(REGISTRY)


def test_it_can_be_closed_twice_and_made_again(registry: CollectorRegistry) -> None:
    first = Prometheus(registry)
    first.close()
    first.close()
    assert generate_latest(registry) == b""

    Prometheus(registry)

    assert b"retold_calls" in generate_latest(registry)


def test_reloading_the_module_registers_nothing_twice(registry: CollectorRegistry) -> None:
    before = dict(vars(prometheus))
    Prometheus(registry)
    once = generate_latest(registry)

    again = importlib.reload(prometheus)
    again.Prometheus(registry)

    assert generate_latest(registry) == once
    for name, value in before.items():
        setattr(prometheus, name, value)

"""The equations of the telemetry contract between the metrics of one process."""

from __future__ import annotations

from retold import Outcome, telemetry
from tests.readings import Numbers, sum_of

GIVE_UPS = [outcome.value for outcome in Outcome if outcome.is_give_up]
_GAUGES = {metric.name for metric in telemetry.METRICS if metric.kind == "gauge"}


def assert_laws(numbers: Numbers) -> None:
    """What holds when nothing is under way."""
    calls = sum_of(numbers, "retold.calls")
    attempts = sum_of(numbers, "retold.attempts")
    assert calls == sum_of(numbers, "retold.call.duration count") == sum_of(numbers, "retold.call.attempts count")
    assert attempts == sum_of(numbers, "retold.call.attempts sum") == sum_of(numbers, "retold.attempt.duration count")
    for outcome in GIVE_UPS:
        assert sum_of(numbers, "retold.give_ups", outcome) == sum_of(numbers, "retold.calls", outcome)
    failed = sum_of(numbers, "retold.attempts", "error") + sum_of(numbers, "retold.attempts", "rejected")
    assert sum_of(numbers, "retold.attempt.failures") == failed
    assert sum_of(numbers, "retold.budget.denials") == sum_of(numbers, "retold.give_ups", "budget_exhausted")
    assert sum_of(numbers, "retold.nested_retries") <= sum_of(numbers, "retold.calls", "true")
    assert sum_of(numbers, "retold.call.active") == sum_of(numbers, "retold.call.waiting") == 0
    assert sum_of(numbers, "retold.exporter.failures") == sum_of(numbers, "retold.label.overflows") == 0


def assert_in_joint(before: Numbers, numbers: Numbers) -> None:
    """What holds at any collection, and between it and an earlier one."""
    assert 0 <= sum_of(numbers, "retold.call.waiting") <= sum_of(numbers, "retold.call.active")
    calls = sum_of(numbers, "retold.calls")
    assert calls == sum_of(numbers, "retold.call.duration count") == sum_of(numbers, "retold.call.attempts count")
    attempts = sum_of(numbers, "retold.attempts")
    assert attempts == sum_of(numbers, "retold.attempt.duration count")
    assert attempts >= sum_of(numbers, "retold.call.attempts sum")
    assert sum_of(numbers, "retold.budget.denials") == sum_of(numbers, "retold.calls", "budget_exhausted")
    for name, *labels in numbers:
        if name == "retold.budget.available":
            assert 0 < numbers[name, *labels] <= numbers["retold.budget.capacity", *labels]
    back = {key for key, value in before.items() if key[0] not in _GAUGES and numbers.get(key, 0) < value}
    assert back == set()

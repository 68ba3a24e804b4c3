"""PromQL that is spelled from the names of metrics, and refuses what they do not have."""

import pytest

from retold import telemetry
from retold.dashboards.promql import duration, family, match, select


def test_series_are_named_as_prometheus_names_them() -> None:
    assert family(telemetry.CALLS) == "retold_calls_total"
    assert family(telemetry.CALL_ACTIVE) == "retold_call_active"
    assert family(telemetry.RETRY_DELAYS, "bucket") == "retold_retry_delay_seconds_bucket"


def test_a_part_is_for_histograms_alone() -> None:
    with pytest.raises(ValueError, match=r"retold\.calls is a counter: part must be left out"):
        family(telemetry.CALLS, "sum")
    with pytest.raises(ValueError, match=r"retold\.call\.duration is a histogram: part must be given"):
        family(telemetry.CALL_DURATION)


def test_a_matcher_is_for_a_label_that_the_metric_has() -> None:
    assert match(telemetry.CALLS, telemetry.OPERATION, "=", 'a"b\\c') == 'retold_operation="a\\"b\\\\c"'
    with pytest.raises(ValueError, match=r"retold\.call\.active has no label retold\.outcome, only retold\.operation"):
        match(telemetry.CALL_ACTIVE, telemetry.OUTCOME, "=", "success")


def test_a_selector_has_braces_only_if_it_has_matchers() -> None:
    assert select(telemetry.CALL_ACTIVE) == "retold_call_active"
    assert select(telemetry.CALL_ACTIVE, 'job="web"', 'a="b"') == 'retold_call_active{job="web", a="b"}'


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [(86_400, "1d"), (7200, "2h"), (5400, "90m"), (90, "90s"), (60, "1m"), (0.5, "500ms"), (0, "1ms"), (1.5, "1500ms")],
)
def test_durations_are_in_their_largest_whole_unit(seconds: float, spelled: str) -> None:
    assert duration(seconds) == spelled

"""What holds queries to names finds what is wrong with them."""

from __future__ import annotations

import pytest

from tests.dashboards.promql_walk import Selected, faults, groups, names_in, selected

RECORDED = {"job_operation:retold_calls:rate5m"}


@pytest.mark.parametrize(
    "expression",
    [
        'sum by (job, retold_operation) (rate(retold_calls_total{retold_outcome=~"success|cancelled", job="a"}[5m]))',
        "histogram_quantile(0.9, sum by (le) (rate(retold_call_duration_seconds_bucket[5m])))",
        'rate(retold_call_attempts_bucket{le=~"2(\\\\.0)?"}[5m]) / ignoring (le) rate(retold_call_attempts_count[5m])',
        "topk(10, sum by (error_type) (increase(retold_attempt_failures_total[1h])))",
        "sum(retold_call_active) / avg_over_time(retold_call_waiting[5m])",
        "group by (job) (retold_calls_total offset 1h) and group by (job) (up == 1)",
        "-job_operation:retold_calls:rate5m > on (retold_operation) group_left () retold_policy_max_attempts",
    ],
)
def test_what_is_right_is_let_pass(expression: str) -> None:
    assert faults(expression, RECORDED) == []


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("sum(", "no PromQL"),
        ("rate(retold_calls[5m])", "retold_calls is no series of ours, nor recorded"),
        ("job_operation:retold_calls:rate1m", "is no series of ours, nor recorded"),
        ("rate(job_operation:retold_calls:rate5m[5m])", "which is no counter"),
        ("sum(retold_calls_total)", "retold_calls_total is a counter, and within sum"),
        ("retold_calls_total", "retold_calls_total is a counter, and within nothing"),
        ("max_over_time(rate(retold_call_active[5m])[1h:1m])", "rate of retold_call_active, which is no counter"),
        ('rate(retold_calls_total{retold_budget="a"}[5m])', "retold_calls_total has no label retold_budget"),
        ('rate(retold_calls_total{le="1"}[5m])', "retold_calls_total has no label le"),
        ('rate(retold_calls_total{retold_outcome="failure"}[5m])', "retold_outcome of retold_calls_total is never"),
        ('rate(retold_calls_total{retold_retried=~"true|no"}[5m])', "retold_retried of retold_calls_total is never no"),
        ('rate(retold_call_attempts_bucket{le="6"}[5m])', "le of retold_call_attempts_bucket is never 6"),
        ('rate(retold_give_ups_total{retold_outcome="aborted"}[5m])', "of retold_give_ups_total is never aborted"),
        ("sum by (pod) (retold_call_active)", "groups by pod"),
        ("-(count_over_time(retold_call_waiting[5m:1m])) > 1 and sum by (le) (retold_call_active)", "groups by le"),
        ("sum by (error_type) (rate(retold_calls_total[5m]))", "groups by error_type"),
        ("job_operation:retold_calls:rate5m > on (retold_outcome) up", "groups by retold_outcome"),
    ],
)
def test_what_is_wrong_is_found(expression: str, fault: str) -> None:
    assert [each for each in faults(expression, RECORDED) if fault in each] != []


def test_selectors_come_with_what_is_around_them() -> None:
    expression = 'clamp_min(sum(rate(retold_calls_total{job!="a"}[5m] offset 1d)), 0) > up'

    assert selected(expression) == [
        Selected("retold_calls_total", (("job", "!=", "a"),), ("rate", "sum", "clamp_min"), over_time=True),
        Selected("up", (), ()),
    ]
    assert names_in(expression) == {"retold_calls_total", "up"}


def test_only_aggregations_group() -> None:
    assert groups("sum by (job, le) (up) > on (team) sum without (service) (up)") == {"job", "le", "service"}

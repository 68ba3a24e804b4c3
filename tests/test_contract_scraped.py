"""The conservation laws on the numbers that a real Prometheus has scraped."""

import random

import pytest
from prometheus_client import CollectorRegistry, start_http_server

import retold
from retold import Policy
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock, MemoryExporter
from tests.forms import FORMS
from tests.readings import Numbers, told_to
from tests.services.fixtures import StartPrometheus
from tests.services.prometheus import PrometheusServer

SERIES = {
    "retold.calls": "sum by (retold_operation, retold_outcome, retold_retried) (retold_calls_total) > 0",
    "retold.attempts": "sum by (retold_operation, retold_attempt_outcome) (retold_attempts_total) > 0",
    "retold.attempt.failures": "sum by (retold_operation, error_type) (retold_attempt_failures_total) > 0",
    "retold.give_ups": "sum by (retold_operation, retold_outcome) (retold_give_ups_total) > 0",
    "retold.call.duration count": "sum by (retold_operation, retold_outcome) (retold_call_duration_seconds_count)",
    "retold.call.attempts sum": "sum by (retold_operation, retold_outcome) (retold_call_attempts_sum)",
    "retold.retry.delay sum": "sum by (retold_operation) (retold_retry_delay_seconds_sum)",
}
LABELS = ("retold_operation", "retold_outcome", "retold_attempt_outcome", "error_type", "retold_retried")
LAWS = [
    "sum(retold_calls_total) - sum(retold_call_duration_seconds_count)",
    "sum(retold_calls_total) - sum(retold_call_attempts_count)",
    "sum(retold_attempts_total) - sum(retold_call_attempts_sum)",
    "sum(retold_attempts_total) - sum(retold_attempt_duration_seconds_count)",
    'sum(retold_attempts_total{retold_attempt_outcome=~"error|rejected"}) - sum(retold_attempt_failures_total)',
    "sum(retold_call_active) + sum(retold_call_waiting)",
    "sum(retold_exporter_failures_total) + sum(retold_label_overflows_total)",
]


def work() -> int:
    """Make 120 calls in every form, of which some fail for a while and some for good; returns how many."""
    chance = random.Random(7)
    for number in range(120):
        clock = ManualClock()
        policy: Policy[None] = Policy(on=OSError, attempts=3, backoff=0.5, operation=f"shop.{number % 3}", clock=clock)

        def flaky() -> str:
            if chance.random() < 0.5:
                raise chance.choice([OSError, ConnectionError, ValueError])
            return "page"

        try:
            FORMS[number % len(FORMS)].perform(policy, flaky)
        except (OSError, ValueError):
            continue
    return 120


def asked(server: PrometheusServer) -> Numbers:
    """The same numbers, from queries."""
    numbers: Numbers = {}
    for name, promql in SERIES.items():
        for sample in server.query(promql):
            labels = [sample.labels[label] for label in LABELS if label in sample.labels]
            numbers[name, *labels] = sample.value
    return numbers


def test_what_prometheus_scraped_is_what_the_calls_were(prometheus_server: StartPrometheus) -> None:
    registry, memory = CollectorRegistry(), MemoryExporter()
    http, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with retold.configure(exporters=[memory, Prometheus(registry)]):
            calls = work()
            server = prometheus_server([f"127.0.0.1:{http.server_port}"])
            server.wait_until("sum(retold_calls_total)", lambda samples: [s.value for s in samples] == [calls])
            told = asked(server)
            laws = {promql: [sample.value for sample in server.query(promql)] for promql in LAWS}
    finally:
        http.shutdown()
        thread.join()
        http.server_close()

    wanted = {key: value for key, value in told_to(memory).items() if key[0] in SERIES}
    assert told == pytest.approx(wanted)
    assert laws == {promql: [0] for promql in LAWS}
    assert len(memory.calls) == calls

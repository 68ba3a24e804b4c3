"""The demo's /metrics under a real Prometheus, while it runs and after its last call."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from retold.cli.demo.worlds.http.crawler import ROUTES
from tests.cli.demo.running import Demo, Files
from tests.services.prometheus import PrometheusServer, promtool_check_metrics

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@dataclass(frozen=True)
class Scraped:
    """What Prometheus had at the end, what /metrics served, and what the run left."""

    counters: dict[str, dict[str, Counter[str]]]
    exemplar_ids: set[str]
    changes: float
    text: str
    text_type: str
    openmetrics: str
    openmetrics_type: str
    status: int
    files: Files


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    folder = tmp_path_factory.mktemp("scraped")
    options = (
        "--worlds=http",
        "--duration=7",
        "--rate=60",
        "--seed=7",
        "--incident-at=1",
        "--incident-for=5",
        "--linger=60",
    )
    with Demo(folder, *options) as demo:
        url = demo.metrics_url
        with PrometheusServer([urlsplit(url).netloc]) as server:
            demo.wait_for_line("serving /metrics")
            after_the_last_call = time.time()
            server.wait_until("min(timestamp(retold_calls_total)) > " + repr(after_the_last_call), bool)
            counters = {
                "calls": counts(server, "retold_calls_total", "retold_outcome"),
                "attempts": counts(server, "retold_attempts_total", "retold_attempt_outcome"),
                "give_ups": counts(server, "retold_give_ups_total", "retold_outcome"),
            }
            exemplars = server.exemplars("retold_attempt_duration_seconds_bucket")
            [changes] = server.query("sum(changes(retold_attempts_total[5m]))")
            text_type, text = read(url)
            openmetrics_type, openmetrics = read(url, OPENMETRICS)
        status = demo.end(signal.SIGINT)
        ids = {exemplar["labels"]["trace_id"] for exemplar in exemplars}
        yield Scraped(
            counters,
            ids,
            changes.value,
            text,
            text_type,
            openmetrics,
            openmetrics_type,
            status,
            Files(folder),
        )


def counts(server: PrometheusServer, name: str, label: str) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {operation: Counter() for operation in ROUTES}
    for sample in server.query(f"sum by (retold_operation, {label}) ({name}) > 0"):
        found[sample.labels["retold_operation"]][sample.labels[label]] = int(sample.value)
    return found


def read(url: str, accept: str = "*/*") -> tuple[str, str]:
    with build_opener(ProxyHandler({})).open(Request(url, headers={"Accept": accept}), timeout=5) as response:
        return response.headers["Content-Type"], response.read().decode()


def test_prometheus_has_the_numbers_of_the_table(scraped: Scraped) -> None:
    assert scraped.status == 0
    assert scraped.counters == {name: scraped.files.counted(name) for name in ("calls", "attempts", "give_ups")}
    assert sum(counts.total() for counts in scraped.counters["give_ups"].values()) > 0


def test_prometheus_has_as_many_attempts_as_the_upstream_has_requests(scraped: Scraped) -> None:
    attempts = {operation: counts.total() for operation, counts in scraped.counters["attempts"].items()}

    assert attempts == {operation: sum(answers.values()) for operation, answers in scraped.files.requests.items()}


def test_prometheus_scrapes_it_while_it_runs(scraped: Scraped) -> None:
    assert scraped.changes > 0


def test_the_exemplars_of_prometheus_lead_to_traces_of_the_file(scraped: Scraped) -> None:
    assert scraped.exemplar_ids
    assert scraped.exemplar_ids <= scraped.files.trace_ids


def test_promtool_finds_nothing_wrong_with_the_text_format(scraped: Scraped) -> None:
    assert scraped.text_type.startswith("text/plain")
    assert 'retold_attempts_total{retold_attempt_outcome="success",retold_operation="papers.fetch"}' in scraped.text
    assert promtool_check_metrics(scraped.text) == (0, "")


def test_openmetrics_is_served_to_those_who_ask_for_it(scraped: Scraped) -> None:
    assert scraped.openmetrics_type.startswith("application/openmetrics-text")
    assert scraped.openmetrics.endswith("# EOF\n")
    assert " # {" in scraped.openmetrics
    assert " # {" not in scraped.text

"""Prometheus and its tools keep their promises to plain prometheus_client."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from prometheus_client import CollectorRegistry, Counter, start_http_server

from tests.services import prometheus
from tests.services.alertmanager import AlertmanagerServer, amtool_check_config
from tests.services.fixtures import StartPrometheus
from tests.services.needs import need
from tests.services.otlp import OtlpSink
from tests.services.ports import free_port
from tests.services.prometheus import PrometheusServer, promtool_check_config, promtool_check_metrics
from tests.services.victoria import VictoriaMetricsServer, vmalert_check_rules


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a shop exposes three orders, with an exemplar."""
    registry = CollectorRegistry()
    orders = Counter("orders", "Orders placed.", ["shop"], registry=registry)
    orders.labels("north").inc(3, {"trace_id": "abc"})
    server, thread = start_http_server(0, "127.0.0.1", registry)
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def scraping(address: str) -> Iterator[PrometheusServer]:
    """A Prometheus that has scraped the shop; shared, since the first scrape takes seconds to come."""
    with PrometheusServer([address]) as server:
        server.wait_until("orders_total", bool)
        yield server


def test_prometheus_answers_with_the_counter_it_scraped(scraping: PrometheusServer, address: str) -> None:
    [sample] = scraping.query("orders_total")
    [scalar] = scraping.query("scalar(orders_total) + 1")

    assert (sample.value, sample.labels["shop"], sample.labels["instance"]) == (3, "north", address)
    assert (scalar.value, scalar.labels) == (4, {})
    assert scraping.targets_up()


def test_prometheus_keeps_exemplars(scraping: PrometheusServer) -> None:
    [exemplar] = scraping.exemplars("orders_total")

    assert (exemplar["labels"], exemplar["value"]) == ({"trace_id": "abc"}, 3)
    assert exemplar["series"]["shop"] == "north"


def test_prometheus_says_what_it_cannot_do(prometheus_server: StartPrometheus) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    server = prometheus_server([nobody])

    with pytest.raises(ValueError, match="parse error"):
        server.query("sum(")
    with pytest.raises(ValueError, match="not a matrix"):
        server.query("up[1m]")
    with pytest.raises(TimeoutError, match="orders_total is still"):
        server.wait_until("orders_total", bool, timeout=0)
    assert not server.targets_up()


def test_prometheus_moves_on_when_its_port_is_taken(
    monkeypatch: pytest.MonkeyPatch, otlp_sink: OtlpSink, prometheus_server: StartPrometheus
) -> None:
    taken, free = urlsplit(otlp_sink.http_endpoint).port, free_port()
    monkeypatch.setattr(prometheus, "free_port", iter([taken, free]).__next__)

    server = prometheus_server([])

    assert server.url == f"http://127.0.0.1:{free}"


def test_promtool_accepts_good_metrics_and_names_what_is_wrong_with_bad_ones() -> None:
    good = "# HELP orders_total Orders placed.\n# TYPE orders_total counter\norders_total 1\n"

    assert promtool_check_metrics(good) == (0, "")
    status, said = promtool_check_metrics(good.replace("_total", ""))
    assert status != 0
    assert "orders" in said


def test_an_alert_of_prometheus_arrives_at_alertmanager_and_at_its_webhook(otlp_sink: OtlpSink, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    rule = {"alert": "Always", "expr": "vector(1)", "labels": {"severity": "info"}}
    rules.write_text(json.dumps({"groups": [{"name": "test", "rules": [rule]}]}))

    with (
        AlertmanagerServer(webhook=f"{otlp_sink.http_endpoint}/alerts") as alertmanager,
        PrometheusServer([], rules=[rules], alertmanagers=[alertmanager.address]),
    ):
        [alert] = alertmanager.wait_until(bool)

    assert alert["labels"] == {"alertname": "Always", "severity": "info"}
    assert alert["receivers"] == [{"name": "test"}]


def test_alertmanager_takes_alerts_from_tests_and_says_what_it_does_not_hold() -> None:
    with AlertmanagerServer() as alertmanager:
        with pytest.raises(TimeoutError, match=r"still \[\]"):
            alertmanager.wait_until(bool, timeout=0)
        alertmanager.take([{"labels": {"alertname": "Taken"}}])
        [alert] = alertmanager.alerts()

    assert alert["labels"] == {"alertname": "Taken"}


def test_victoria_metrics_answers_with_the_counter_it_scraped(address: str) -> None:
    with VictoriaMetricsServer([address]) as server:
        [sample] = server.wait_until("orders_total", bool)

    assert (sample.value, sample.labels["shop"], sample.labels["instance"]) == (3, "north", address)


def test_the_checkers_accept_good_files_and_name_what_is_wrong_with_bad_ones(tmp_path: Path) -> None:
    rules, config, routes = (tmp_path / name for name in ("rules.yml", "prometheus.yml", "alertmanager.yml"))
    rule = {"alert": "Always", "expr": "vector(1)"}
    rules.write_text(json.dumps({"groups": [{"name": "test", "rules": [rule]}]}))
    config.write_text(json.dumps({"rule_files": ["rules.yml"]}))
    routes.write_text(json.dumps({"route": {"receiver": "nowhere"}, "receivers": [{"name": "nowhere"}]}))

    statuses = (vmalert_check_rules(rules)[0], promtool_check_config(config)[0], amtool_check_config(routes)[0])
    assert statuses == (0, 0, 0)

    rules.write_text(rules.read_text().replace("vector(1)", "vector("))
    routes.write_text(routes.read_text().replace('"receivers": [{"name": "nowhere"', '"receivers": [{"name": "else"'))
    for status, said in (vmalert_check_rules(rules), promtool_check_config(config), amtool_check_config(routes)):
        assert status != 0
        assert "Always" in said or "nowhere" in said


@pytest.mark.parametrize(("required", "ends"), [("1", pytest.fail.Exception), ("0", pytest.skip.Exception)])
def test_a_missing_program_skips_the_test_or_fails_it_where_services_are_required(
    monkeypatch: pytest.MonkeyPatch, required: str, ends: type[BaseException]
) -> None:
    monkeypatch.setenv("RETOLD_REQUIRE_SERVICES", required)

    with pytest.raises(ends, match=r"no-such-program is not installed: apt-get install some-package"):
        need("no-such-program", "some-package")


def test_a_missing_program_that_has_another_source_is_told_with_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETOLD_REQUIRE_SERVICES", "1")

    with pytest.raises(pytest.fail.Exception, match=r"no-such-program is not installed: pip install some-package"):
        need("no-such-program", "some-package", "pip install {}")


def test_a_program_that_is_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "only-here").touch(mode=0o755)

    assert need("sh", "dash") == shutil.which("sh")
    assert need("only-here", "nowhere", beside=tmp_path) == str(tmp_path / "only-here")

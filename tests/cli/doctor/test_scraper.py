"""What the doctor says of a Prometheus server, at a real one."""

from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, start_http_server

import retold
from retold.cli.doctor.scraper import probe
from retold.exporters.prometheus import Prometheus
from tests.forms import Failing
from tests.services.fixtures import StartPrometheus
from tests.services.otlp import OtlpSink
from tests.services.ports import free_port
from tests.services.prometheus import PrometheusServer


@pytest.fixture
def target() -> Iterator[str]:
    """The address of an endpoint of ours on which one call has ended."""
    registry = CollectorRegistry()
    server, thread = start_http_server(0, "127.0.0.1", registry)
    with retold.configure(exporters=[Prometheus(registry)]):
        retold.Policy(on=OSError, backoff=0, operation="shop.fetch").call(Failing("page"))
        yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def found(url: str, *endpoints: str) -> list[tuple[str, str]]:
    findings = list(probe(url, endpoints, 5))
    assert all(each.remedy for each in findings if each.status != "ok")
    return [(each.status, each.message) for each in findings]


def test_a_server_is_asked_for_our_series_and_its_targets(prometheus_server: StartPrometheus, target: str) -> None:
    closed = f"127.0.0.1:{free_port()}"
    server = prometheus_server([target, closed])
    server.wait_until('up{instance="%s"} == 0' % closed, bool)  # noqa: UP031 (braces are PromQL's)
    server.wait_until("retold_calls_total", bool)

    scraped, failing, missing = (
        f"http://localhost:{target.partition(':')[2]}/metrics",
        f"http://{closed}/metrics",
        f"http://{target}/other",
    )
    counted, *told = found(server.url, scraped, failing, missing)

    assert counted == ("ok", "has 1 operations")
    assert told[0] == ("ok", f"scrapes {scraped}")
    assert told[1][0] == "problem"
    assert told[1][1].startswith(f"scrapes {failing} and fails: ")
    assert "connection refused" in told[1][1]
    assert told[2] == ("problem", f"does not scrape {missing}")


def test_a_server_that_has_not_scraped_a_target_by_now_says_so(target: str) -> None:
    with PrometheusServer([target], every="1h") as server:
        unknown = ("problem", f"does not scrape http://{target}/metrics")
        fresh = found(server.url, f"http://{target}/metrics")
        while unknown in fresh:  # it knows its targets some seconds after its start
            fresh = found(server.url, f"http://{target}/metrics")

    assert fresh == [
        ("problem", "has no series of Retold's"),
        ("problem", f"has yet to scrape http://{target}/metrics"),
    ]


def test_a_server_that_is_not_there_is_a_problem() -> None:
    assert found(f"http://127.0.0.1:{free_port()}") == [("problem", "nobody listens there")]


def test_a_server_that_is_no_prometheus_is_a_problem(otlp_sink: OtlpSink) -> None:
    assert found(otlp_sink.http_endpoint) == [("problem", "does not answer as Prometheus does")]

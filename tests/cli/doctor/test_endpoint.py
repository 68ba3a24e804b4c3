"""What the doctor says of a `/metrics` endpoint: real ones, wrong ones, and none."""

import re
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, start_http_server

import retold
from retold.cli.doctor.endpoint import probe
from retold.cli.doctor.findings import Finding
from retold.exporters.prometheus import Prometheus
from tests.cli.doctor.conftest import Serve
from tests.forms import Failing
from tests.services.ports import free_port


@pytest.fixture
def ours() -> Iterator[tuple[str, CollectorRegistry]]:
    """A real endpoint of ours and its registry."""
    registry = CollectorRegistry()
    server, thread = start_http_server(0, "127.0.0.1", registry)
    with retold.configure(exporters=[Prometheus(registry)]):
        yield f"http://127.0.0.1:{server.server_port}/metrics", registry
    server.shutdown()
    server.server_close()
    thread.join()


def found(url: str) -> list[tuple[str, str]]:
    findings: list[Finding] = list(probe(url, 5))
    assert all(each.subject == f"metrics {url}" for each in findings)
    assert all(each.remedy for each in findings if each.status != "ok")
    return [(each.status, each.message) for each in findings]


def fetch(operation: str = "shop.fetch", error: type[Exception] = OSError) -> None:
    retold.Policy(on=Exception, backoff=0, operation=operation).call(Failing(error, "page"))


def test_an_endpoint_of_ours_is_told_with_its_numbers(ours: tuple[str, CollectorRegistry]) -> None:
    fetch("shop.fetch")
    fetch("shop.pay")

    assert found(ours[0]) == [("ok", "serves 2 operations, of which 2 calls have ended")]


def test_before_the_first_call_it_says_so(ours: tuple[str, CollectorRegistry]) -> None:
    retold.register("shop.fetch")

    assert found(ours[0]) == [
        ("ok", "serves 1 operations, of which 0 calls have ended"),
        ("note", "no call has ended in the processes behind it"),
    ]


def test_operations_over_the_limit_are_a_problem(ours: tuple[str, CollectorRegistry]) -> None:
    with retold.configure(max_operations=1):
        for name in ("one", "two", "three"):
            fetch(name)

    assert found(ours[0])[1:] == [("problem", "2 calls are of operations over the limit, counted as _OTHER")]


def test_error_types_over_the_limit_are_a_problem(ours: tuple[str, CollectorRegistry]) -> None:
    for number in range(17):
        fetch(error=type(f"Error{number}", (Exception,), {}))

    assert found(ours[0])[1:] == [
        ("problem", "2 failures are of error types over the limit of 15 for each operation, counted as _OTHER")
    ]


def test_an_exporter_that_fails_is_a_problem(ours: tuple[str, CollectorRegistry]) -> None:
    with retold.configure(error_type=lambda _: ""):
        fetch()

    assert found(ours[0])[1:] == [("problem", "the code of the exporter error_type raised 1 times")]


def test_numbers_that_are_there_twice_are_a_problem(serve: Serve) -> None:
    line = 'retold_calls_total{retold_operation="shop.fetch",retold_outcome="success"%s} 2.0\n'

    assert found(serve(line % "" + line % ',otel_scope_name="retold"'))[1:] == [
        (
            "problem",
            "every number is there twice: by the exporter prometheus, and by OpenTelemetry's Prometheus reader",
        )
    ]


def test_metrics_of_others_are_a_problem(serve: Serve) -> None:
    assert found(serve("# HELP up Up.\nup 1\nodd{} .\n")) == [("problem", "serves metrics, but none of Retold's")]


@pytest.mark.parametrize(
    ("body", "kind", "status", "message"),
    [
        ("<p>Welcome</p>", "text/html", 200, "answers with text/html, which is not Prometheus's format"),
        ("", "text/plain", 200, "answers with text/plain, which is not Prometheus's format"),
        ("nothing here", "text/plain", 404, "answered 404"),
    ],
)
def test_what_is_no_endpoint_is_a_problem(serve: Serve, body: str, kind: str, status: int, message: str) -> None:
    assert found(serve(body, kind, status)) == [("problem", message)]


def test_a_closed_port_is_a_problem() -> None:
    assert found(f"http://127.0.0.1:{free_port()}/metrics") == [("problem", "nobody listens there")]


def test_a_server_that_speaks_no_tls_is_a_problem(serve: Serve) -> None:
    [(status, message)] = found(serve("up 1").replace("http:", "https:"))

    assert status == "problem"
    assert re.fullmatch(r"TLS failed \(\w+\)", message)


def test_an_unknown_host_is_a_problem() -> None:
    assert found("http://nowhere.invalid/metrics") == [("problem", "the name of the host is not known")]

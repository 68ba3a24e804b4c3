"""The example exporter: what arrives at a real socket, and that it keeps the rules."""

import importlib.util
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import retold
from retold import Policy
from retold.testing import ManualClock, check_exporter
from tests.forms import Failing, Form

EXAMPLE = Path(__file__).parents[2] / "examples" / "statsd.py"


def statsd(*args: Any, **options: Any) -> retold.Exporter:
    """The example's exporter."""
    spec = importlib.util.spec_from_file_location("statsd", EXAMPLE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: retold.Exporter = module.StatsD(*args, **options)
    return made


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """What a StatsD server listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        yield listening


def test_calls_attempts_and_durations_arrive(server: socket.socket, form: Form, clock: ManualClock) -> None:
    exporter = statsd(*server.getsockname())

    with retold.configure(exporters=[exporter]):
        policy = Policy(on=OSError, backoff=1.5, operation="shop.<locals>.fetch", clock=clock)
        form.perform(policy, Failing(TimeoutError, "page"))

    assert [server.recv(1024).decode() for _ in range(3)] == [
        "retold.shop._locals_.fetch.failures.TimeoutError:1|c",
        "retold.shop._locals_.fetch.calls.success:1|c",
        "retold.shop._locals_.fetch.duration:1500.000|ms",
    ]
    exporter.close()


def test_it_is_no_matter_whether_anybody_listens(server: socket.socket, clock: ManualClock) -> None:
    address = server.getsockname()
    server.close()
    exporter = statsd(*address)

    with retold.configure(exporters=[exporter]):
        for _ in range(3):  # the second is told that the first was refused
            assert Policy(on=OSError, operation="shop.fetch", clock=clock).call(Failing("page")) == "page"

    exporter.close()


def test_it_keeps_the_rules_of_exporters(server: socket.socket) -> None:
    check_exporter(lambda: statsd(*server.getsockname()))


def test_it_is_as_short_as_the_documents_say() -> None:
    body = EXAMPLE.read_text(encoding="utf-8").partition("class ")[2]

    assert sum(bool(line.strip()) for line in body.splitlines()) <= 30

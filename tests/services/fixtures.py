"""The services as pytest fixtures, each ended when its test ends."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TypeAlias

import pytest

from tests.services.otlp import OtlpSink
from tests.services.prometheus import PrometheusServer

StartPrometheus: TypeAlias = Callable[[Sequence[str]], PrometheusServer]


@pytest.fixture
def otlp_sink() -> Iterator[OtlpSink]:
    """An OTLP receiver that has received nothing yet."""
    with OtlpSink() as sink:
        yield sink


@pytest.fixture
def prometheus_server() -> Iterator[StartPrometheus]:
    """Starts a Prometheus that scrapes the given `host:port` targets."""
    with ExitStack() as running:
        yield lambda targets: running.enter_context(PrometheusServer(targets))

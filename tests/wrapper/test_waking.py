"""Exporters that sleep are woken by the call that sees their sign, and cost the calls before it next to nothing."""

import contextlib
from typing import Any

import pytest

import retold
from retold import Policy
from retold.testing import MemoryExporter
from tests.forms import drive
from tests.subprocesses import run


class Sleeping(MemoryExporter):
    """Asleep until its namespace has a value under its key."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self.names: dict[str, object] = {key: None}
        self.wake_signs = ((self.names, key),)

    def is_awake(self) -> bool:
        return self.names[self.key] is not None


def test_a_call_looks_for_the_signs_of_the_exporters_that_it_began_with() -> None:
    first, second = Sleeping("first"), Sleeping("second")

    @Policy(on=OSError)
    async def function() -> str:
        return "value"

    retold.configure(exporters=[first])
    made = function()
    retold.configure(exporters=[second])
    drive(made)  # began to be made while the other sign was looked for

    second.names["second"] = "set"
    drive(function())
    assert (len(first.calls), len(second.calls)) == (0, 1)


@pytest.mark.parametrize("fails", [False, True])
def test_an_exporter_that_wakes_in_the_midst_of_a_call_hears_of_the_next_one(fails: bool) -> None:
    sleeping = Sleeping("key")

    def wakes() -> None:
        sleeping.names["key"] = "set"
        if fails:
            raise OSError

    policy: Any = Policy(on=OSError, attempts=1)
    function = policy(wakes)
    with retold.configure(exporters=[sleeping]):
        with contextlib.suppress(OSError):
            function()
        assert sleeping.events == []
        with contextlib.suppress(OSError):
            function()

    assert len(sleeping.calls) == len(sleeping.attempts) == 1


def test_the_default_configuration_sleeps_until_a_provider_is_set() -> None:
    done = run(
        """
        import retold
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        spans = InMemorySpanExporter()
        def install():
            provider = TracerProvider()
            provider.add_span_processor(SimpleSpanProcessor(spans))
            trace.set_tracer_provider(provider)

        @retold.retry(on=OSError, attempts=2, backoff=0)
        def fetch(install=None):
            if install is not None:
                install()
        asleep = fetch.__code__
        for _ in range(3):
            fetch()
        assert fetch.__code__ is asleep
        print(len(spans.get_finished_spans()))
        fetch(install)
        print(len(spans.get_finished_spans()))
        fetch()
        print(len(spans.get_finished_spans()))
        """,
        flags=(),
    )

    assert done.lines == ["0", "0", "2"]

"""Observability: statements 41 to 45, what every call tells and what metrics make of it."""

import importlib
import io
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
import structlog
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families as parse

import retold
from retold import Abort, Exporter, Outcome, Policy
from retold.exporters import prometheus
from retold.exporters.console import Console
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.exporters.structlog import Structlog
from retold.journal import JOURNAL
from retold.telemetry import EVENT_EXPORTER_FAILED, EXPORTER_FAILURES, METRICS, label_name
from retold.testing import ManualClock, MemoryExporter
from tests.budgets import spent
from tests.forms import Failing, Form
from tests.readings import scraped_from, sum_of, told_to, without_limits
from tests.subprocesses import run
from tests.wrapper.crowd import assert_lawful

ENDS: dict[Outcome, tuple[dict[str, Any], tuple[object, ...]]] = {
    Outcome.SUCCESS: ({}, (OSError, "page")),
    Outcome.NOT_RETRYABLE: ({}, (OSError, ValueError)),
    Outcome.ATTEMPTS_EXHAUSTED: ({}, (OSError,)),
    Outcome.DEADLINE_EXCEEDED: ({"timeout": 3}, (OSError,)),
    Outcome.BUDGET_EXHAUSTED: ({"budget": spent()}, (OSError,)),
    Outcome.HINT_REFUSED: ({"hint": lambda failure: 3600}, (OSError,)),
    Outcome.ABORTED: ({}, (OSError, Abort())),
    Outcome.CANCELLED: ({}, (OSError, KeyboardInterrupt)),
}
"""Calls by how they end: the options of their policies, and what their attempts do."""


def perform(form: Form, ending: Outcome, **options: Any) -> object:
    """Make a call that ends so; what it returns or raises."""
    own, turns = ENDS[ending]
    given: dict[str, Any] = {"on": OSError, "backoff": 2, "operation": "shop.fetch", "clock": ManualClock()}
    try:
        return form.perform(Policy(**given | own | options), Failing(*turns))
    except BaseException as error:
        return type(error), error.args, getattr(error, "__notes__", None)


def refuse(*_: object) -> NoReturn:
    raise RuntimeError


def raising_at(method: str) -> Exporter:
    made: Exporter = type("Raising", (MemoryExporter,), {"name": "raising", method: refuse})()
    return made


MOMENTS = ["call_started", "attempt_started", "attempt_ended", "retry_scheduled", "call_ended", "wants_call"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_41_an_exporter_that_raises_changes_nothing_and_is_counted_and_logged_once(
    moment: str, form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    without = [perform(form, ending) for ending in ENDS]

    with retold.configure(exporters=[raising_at(moment)]):
        assert [perform(form, ending) for ending in ENDS] == without

    failures = JOURNAL.collect()[EXPORTER_FAILURES]["raising",]
    assert isinstance(failures, int)
    assert failures >= len(ENDS) - 2  # two of them schedule no retry
    assert [record.getMessage() for record in caplog.records] == [EVENT_EXPORTER_FAILED]


def test_41_nor_does_a_hook_that_raises(form: Form) -> None:
    hooks: dict[str, Any] = {"on_retry": refuse, "on_give_up": refuse, "on_success": refuse}

    for ending in ENDS:
        assert perform(form, ending, **hooks) == perform(form, ending)


def a_span_processor() -> Exporter:
    processor = SpanProcessor()
    processor.on_end = refuse  # type: ignore[method-assign, assignment]
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(processor)
    return OpenTelemetry(tracer_provider=tracers, metrics=False)


def a_closed_stream() -> Exporter:
    stream = io.StringIO()
    stream.close()
    return Console(stream)


@pytest.fixture
def _raising_structlog() -> Iterator[None]:
    structlog.configure(processors=[refuse])
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("_raising_structlog")
@pytest.mark.parametrize("backend", [a_span_processor, a_closed_stream, Structlog])
def test_41_nor_does_a_backend_that_raises(backend: Callable[[], Exporter], form: Form) -> None:
    without = [perform(form, ending) for ending in ENDS]

    with retold.configure(exporters=[backend()]):
        assert [perform(form, ending) for ending in ENDS] == without


def test_42_every_call_has_one_outcome(form: Form, seen: MemoryExporter) -> None:
    registry = CollectorRegistry()

    with retold.configure(exporters=[Prometheus(registry), seen]):
        for number, ending in enumerate(ENDS, start=1):
            perform(form, ending)
            assert seen.last.outcome is ending
            assert len(seen.calls) == number

    numbers = scraped_from(registry)
    assert sum_of(numbers, "retold.calls") == len(ENDS)
    assert without_limits(numbers) == pytest.approx(told_to(seen))
    assert_lawful({key: value for key, value in numbers.items() if value})


def test_43_the_metrics_of_the_quick_start_are_not_zero() -> None:
    """As the README begins, in a process of its own, scraped by HTTP from the client's own server."""
    done = run(
        """
        import urllib.request
        from prometheus_client import start_http_server
        import retold

        retold.configure(exporters=["opentelemetry", "prometheus"])
        turns = iter([True, False])

        @retold.retry(on=OSError, backoff=0)
        def fetch():
            if next(turns):
                raise OSError

        fetch()
        server, thread = start_http_server(0, "127.0.0.1")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        print(opener.open(f"http://127.0.0.1:{server.server_port}/metrics").read().decode())
        server.shutdown(), server.server_close(), thread.join()
        """
    )

    values = {
        (sample.name, *sorted(set(sample.labels.values()) - {"__main__.fetch"})): sample.value
        for family in parse(done.out)
        for sample in family.samples
        if sample.value and not sample.name.endswith("_created")
    }
    assert values["retold_calls_total", "success", "true"] == 1
    assert values["retold_attempts_total", "error"] == values["retold_attempts_total", "success"] == 1
    assert values["retold_call_duration_seconds_count", "success"] == 1
    assert values["retold_policy_max_attempts",] == 3


def test_44_labels_are_those_of_the_contract_and_tell_nothing_of_an_event(form: Form) -> None:
    registry = CollectorRegistry()

    with retold.configure(exporters=[Prometheus(registry)]):
        for ending in ENDS:
            perform(form, ending, fallback=None) if form.name not in ("block", "async-block") else perform(form, ending)
        families = list(parse(generate_latest(registry).decode()))

    keys = {metric.prometheus_name: {label_name(key) for key in metric.keys} for metric in METRICS}
    for family in families:
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == keys[family.name]
            assert not any(value.isdigit() or "run 1" in value for key, value in sample.labels.items() if key != "le")


def test_45_a_registry_serves_every_number_once_however_often_it_is_given(clock: ManualClock) -> None:
    registry, other = CollectorRegistry(), CollectorRegistry()
    before = dict(vars(prometheus))
    again = importlib.reload(prometheus)

    try:
        exporters = [Prometheus(registry), again.Prometheus(registry), Prometheus(registry), Prometheus(other)]
        with retold.configure(exporters=exporters):
            Policy(on=OSError, operation="shop.fetch", clock=clock).call(Failing(OSError, "page"))
    finally:
        for name, value in before.items():
            setattr(prometheus, name, value)

    for each in (registry, other):
        assert generate_latest(each).decode().count("\nretold_calls_total{") == 16
        assert scraped_from(each)["retold.calls", "shop.fetch", "success", "true"] == 1


def test_45_in_multiprocess_mode_the_numbers_of_all_processes_add_up(tmp_path: Any) -> None:
    script = """
    import retold
    from tests.work import fetch
    from retold.exporters.prometheus import Prometheus
    retold.configure(exporters=[Prometheus(), Prometheus()])
    for _ in range(3):
        fetch(["down"])
    """
    for _ in range(2):
        run(script, env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "RETOLD_EXPORTERS": "none"})
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(tmp_path))  # type: ignore[no-untyped-call]

    numbers = scraped_from(registry)

    assert numbers["retold.calls", "shop.fetch", "success", "true"] == 6
    assert numbers["retold.attempts", "shop.fetch", "error"] == 6

"""The same lines by structlog, once the application has configured it."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

import retold
from retold import Policy
from retold.exporters.structlog import Structlog, add_trace_context
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, span_id
from tests.forms import Failing
from tests.subprocesses import run


@pytest.fixture
def capture() -> Iterator[LogCapture]:
    """Structlog, configured to keep what it is told."""
    capture = LogCapture()
    structlog.configure(processors=[capture])
    yield capture
    structlog.reset_defaults()


def policy(clock: ManualClock, attempts: int = 3) -> Policy[None]:
    return Policy(on=OSError, attempts=attempts, backoff=2, operation="shop.fetch", clock=clock, fallback=None)


def test_nothing_is_printed_while_structlog_is_not_configured() -> None:
    done = run(
        """
        import retold, structlog
        retold.configure(exporters=["structlog"])
        retold.Policy(on=OSError, backoff=0, fallback=None).call(open, "/no/such/file")
        assert not structlog.is_configured()
        """
    )

    assert (done.out, done.err) == ("", "")


def test_until_the_application_configures_it_the_lines_go_to_the_standard_library(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    capture = LogCapture()
    with retold.configure(exporters=[Structlog()]), caplog.at_level(logging.DEBUG, "retold"):
        policy(clock, attempts=1).call(Failing(OSError))

        structlog.configure(processors=[capture])
        policy(clock, attempts=1).call(Failing(OSError))
        structlog.reset_defaults()

    lines = ["retold.attempt.failed", "retold.call.gave_up"]
    assert [record.getMessage() for record in caplog.records] == lines
    assert [entry["event"] for entry in capture.entries] == lines
    assert vars(caplog.records[1])["retold.outcome"] == "attempts_exhausted"


def test_the_events_levels_and_keys_are_the_contract_s(capture: LogCapture, clock: ManualClock) -> None:
    with retold.configure(exporters=[Structlog()]):
        policy(clock, attempts=2).call(Failing(OSError("card 4111")))

    failed, scheduled, _, gave_up = capture.entries
    assert failed == {
        "event": "retold.attempt.failed",
        "log_level": "debug",
        "retold.operation": "shop.fetch",
        "retold.attempt.number": 1,
        "retold.attempt.outcome": "error",
        "error.type": "OSError",
    }
    assert scheduled == {
        "event": "retold.retry.scheduled",
        "log_level": "debug",
        "retold.operation": "shop.fetch",
        "retold.attempt.number": 1,
        "retold.retry.delay": 2.0,
        "retold.retry.delay_source": "backoff",
    }
    assert gave_up == {
        "event": "retold.call.gave_up",
        "log_level": "warning",
        "retold.operation": "shop.fetch",
        "retold.outcome": "attempts_exhausted",
        "retold.retried": True,
        "retold.attempt.count": 2,
        "retold.delay.total": 2.0,
        "retold.fallback": True,
        "error.type": "OSError",
    }
    assert "card 4111" not in str(capture.entries)


def test_the_values_are_plain_ones_that_any_renderer_knows(capture: LogCapture, clock: ManualClock) -> None:
    with retold.configure(exporters=[Structlog()]):
        policy(clock).call(Failing(OSError))

    kinds = {type(value) for entry in capture.entries for value in entry.values()}
    assert kinds == {str, int, float, bool}


def test_the_ids_of_spans_are_on_the_lines(capture: LogCapture, clock: ManualClock) -> None:
    sdk = Sdk()

    with retold.configure(exporters=[sdk.exporter(), Structlog()]):
        policy(clock).call(Failing(OSError, "page"))

    assert [entry["span_id"] for entry in capture.entries] == [
        f"{span_id(span):016x}" for span in (sdk.attempts()[0], sdk.span("shop.fetch"), sdk.span("shop.fetch"))
    ]
    sdk.close()


def test_the_application_s_own_lines_get_the_ids_of_the_attempt_they_are_written_in(
    capture: LogCapture, clock: ManualClock
) -> None:
    structlog.configure(processors=[add_trace_context, capture])
    logger: Any = structlog.get_logger("shop")
    sdk = Sdk()

    def fetch() -> None:
        logger.info("fetching")

    logger.info("before")
    with retold.configure(exporters=[sdk.exporter()]):
        policy(clock).call(fetch)

    [attempt] = sdk.attempts()
    assert attempt.context
    before, fetching = capture.entries
    assert before == {"event": "before", "log_level": "info"}
    assert (fetching["trace_id"], fetching["span_id"]) == (
        f"{attempt.context.trace_id:032x}",
        f"{span_id(attempt):016x}",
    )
    sdk.close()


def test_the_processor_keeps_ids_that_a_line_has(clock: ManualClock) -> None:
    sdk = Sdk()

    with sdk.tracer.start_as_current_span("order"):
        line = add_trace_context(None, "info", {"event": "paid", "trace_id": "a", "span_id": "b"})

    assert line == {"event": "paid", "trace_id": "a", "span_id": "b"}
    sdk.close()


def test_the_processor_keeps_the_call_s_ids_on_the_lines_of_retold(capture: LogCapture, clock: ManualClock) -> None:
    structlog.configure(processors=[add_trace_context, capture])
    sdk = Sdk()

    with retold.configure(exporters=[sdk.exporter(), Structlog()]), sdk.tracer.start_as_current_span("order"):
        policy(clock).call(Failing(OSError, "page"))

    assert [entry["span_id"] for entry in capture.entries] == [
        f"{span_id(span):016x}" for span in (sdk.attempts()[0], sdk.span("shop.fetch"), sdk.span("shop.fetch"))
    ]
    sdk.close()


def test_without_structlog_the_remedy_is_named() -> None:
    done = run(
        """
        import retold
        try:
            retold.configure(exporters=["structlog"])
        except retold.SettingsError as error:
            print(error)
        """,
        without=["structlog"],
    )

    [line] = done.lines
    assert line.endswith("the structlog exporter needs the extra: pip install 'retold[structlog]'")

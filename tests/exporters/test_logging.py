"""The log lines of a call: which there are, at which level, with which keys, and how many a second."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

import retold
from retold import Policy
from retold.exporters.logging import Logging
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, span_id
from tests.forms import BLOCK, Failing, Form
from tests.subprocesses import run

STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "taskName"}


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """What a record has beside what every record has."""
    return {key: value for key, value in vars(record).items() if key not in STANDARD}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The lines of all levels."""
    with caplog.at_level(logging.DEBUG, "retold"), retold.configure(exporters=[Logging()]):
        yield caplog


def policy(clock: ManualClock, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "attempts": 3, "backoff": 2, "operation": "shop.fetch", "clock": clock}
    return Policy(**given | options)


def events(lines: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage()) for record in lines.records]


FAILED = ("DEBUG", "retold.attempt.failed")
SCHEDULED = ("DEBUG", "retold.retry.scheduled")


def test_a_call_that_succeeds_at_once_leaves_no_line(
    lines: pytest.LogCaptureFixture, form: Form, clock: ManualClock
) -> None:
    assert form.perform(policy(clock), Failing("page")) == "page"

    assert events(lines) == []


def test_a_call_that_recovers_says_so(lines: pytest.LogCaptureFixture, form: Form, clock: ManualClock) -> None:
    form.perform(policy(clock), Failing(OSError, "page"))

    assert events(lines) == [FAILED, SCHEDULED, ("INFO", "retold.call.recovered")]


def test_a_call_that_gives_up_warns(lines: pytest.LogCaptureFixture, form: Form, clock: ManualClock) -> None:
    with pytest.raises(OSError):
        form.perform(policy(clock, attempts=2), Failing(OSError))

    assert events(lines) == [FAILED, SCHEDULED, FAILED, ("WARNING", "retold.call.gave_up")]


def test_an_error_that_is_not_retried_is_none_of_the_operator_s_business(
    lines: pytest.LogCaptureFixture, form: Form, clock: ManualClock
) -> None:
    with pytest.raises(ValueError):
        form.perform(policy(clock), Failing(ValueError))

    assert events(lines) == [FAILED, ("DEBUG", "retold.call.failed")]


def test_a_cancelled_call_says_so(lines: pytest.LogCaptureFixture, form: Form, clock: ManualClock) -> None:
    class Interrupt(BaseException):
        pass

    with pytest.raises(Interrupt):
        form.perform(policy(clock), Failing(Interrupt))

    assert events(lines) == [("DEBUG", "retold.call.cancelled")]


def test_the_keys_are_the_contract_s(lines: pytest.LogCaptureFixture, clock: ManualClock) -> None:
    policy(clock, attempts=2, fallback=None).call(Failing(OSError("card 4111")))

    failed, scheduled, _, gave_up = [facts(record) for record in lines.records]
    assert failed == {
        "retold.operation": "shop.fetch",
        "retold.attempt.number": 1,
        "retold.attempt.outcome": "error",
        "error.type": "OSError",
    }
    assert scheduled == {
        "retold.operation": "shop.fetch",
        "retold.attempt.number": 1,
        "retold.retry.delay": 2.0,
        "retold.retry.delay_source": "backoff",
    }
    assert gave_up == {
        "retold.operation": "shop.fetch",
        "retold.outcome": "attempts_exhausted",
        "retold.retried": True,
        "retold.attempt.count": 2,
        "retold.delay.total": 2.0,
        "retold.fallback": True,
        "error.type": "OSError",
    }


def test_no_line_has_the_exception_or_its_message(lines: pytest.LogCaptureFixture, clock: ManualClock) -> None:
    with pytest.raises(OSError):
        policy(clock).call(Failing(OSError("card 4111")))

    assert len(lines.records) == 6
    assert {record.exc_info for record in lines.records} == {None}
    assert not any("card 4111" in str(vars(record)) for record in lines.records)


def test_a_rejected_result_is_a_failed_attempt(lines: pytest.LogCaptureFixture, clock: ManualClock) -> None:
    policy(clock, on_result=lambda page: page == "").call(Failing("", "page"))

    failed, _, recovered = [facts(record) for record in lines.records]
    assert (failed["retold.attempt.outcome"], failed["error.type"]) == ("rejected", "retold.RejectedResult")
    assert "error.type" not in recovered


def ids(record: logging.LogRecord) -> tuple[Any, Any]:
    return vars(record).get("trace_id"), vars(record).get("span_id")


def test_the_ids_are_the_attempt_s_for_a_failed_attempt_and_else_the_call_s(
    caplog: pytest.LogCaptureFixture, form: Form, clock: ManualClock
) -> None:
    sdk = Sdk()

    with caplog.at_level(logging.DEBUG, "retold"), retold.configure(exporters=[sdk.exporter(), Logging()]):
        form.perform(policy(clock), Failing(OSError, "page"))

    call, first = (f"{span_id(span):016x}" for span in (sdk.span("shop.fetch"), sdk.attempts()[0]))
    [trace_id] = {f"{span.context.trace_id:032x}" for span in sdk.spans if span.context}
    assert [ids(record) for record in caplog.records] == [(trace_id, first), (trace_id, call), (trace_id, call)]
    sdk.close()


class Interrupting(ManualClock):
    """A clock whose waits are interrupted."""

    def sleep(self, seconds: float, /) -> None:
        raise KeyboardInterrupt


def test_a_call_that_is_cancelled_in_a_wait_has_its_own_ids_and_not_its_caller_s(
    caplog: pytest.LogCaptureFixture, form: Form
) -> None:
    sdk = Sdk()

    with caplog.at_level(logging.DEBUG, "retold"), retold.configure(exporters=[sdk.exporter(), Logging()]):
        with sdk.tracer.start_as_current_span("order"), pytest.raises(KeyboardInterrupt):
            form.perform(policy(Interrupting()), Failing(OSError))

    assert caplog.records[-1].getMessage() == "retold.call.cancelled"
    assert ids(caplog.records[-1])[1] == f"{span_id(sdk.span('shop.fetch')):016x}"
    sdk.close()


def test_blocks_leave_the_same_lines_when_they_are_abandoned(
    lines: pytest.LogCaptureFixture, clock: ManualClock
) -> None:
    for attempt in policy(clock):
        with attempt:
            break

    assert events(lines) == []
    with pytest.raises(OSError):
        BLOCK.perform(policy(clock, attempts=1), Failing(OSError))
    assert events(lines)[-1] == ("WARNING", "retold.call.gave_up")


def test_nothing_is_written_to_a_terminal_unless_the_application_configures_logging() -> None:
    done = run(
        """
        import retold

        class Broken(retold.Exporter):
            def call_ended(self, state, event):
                raise RuntimeError

        @retold.retry(on=OSError, backoff=0)
        def fetch():
            raise OSError("no")

        assert fetch.__wrapped__
        for exporters in (None, [Broken()]):
            if exporters:
                retold.configure(exporters=exporters)
            try:
                fetch()
            except OSError:
                pass
        """
    )

    assert (done.out, done.err) == ("", "")


def test_what_is_held_back_is_written_when_the_process_ends() -> None:
    done = run(
        """
        import logging, sys
        import retold

        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(message)s"))
        handler.addFilter(lambda record: setattr(record, "msg", vars(record).get("retold.suppressed", 0)) or True)
        logging.getLogger().addHandler(handler)
        policy = retold.Policy(on=OSError, attempts=1, operation="shop.fetch", fallback=None)
        for _ in range(15):
            policy.call(open, "/no/such/file")
        """
    )

    assert done.lines == ["0"] * 10 + ["4"]


def test_the_logger_has_a_handler_that_does_nothing() -> None:
    Logging()

    kinds = [type(handler) for handler in logging.getLogger("retold").handlers]
    assert kinds.count(logging.NullHandler) == 1


def test_the_line_of_a_call_that_gave_up_says_what_the_server_asked_for_in_vain(
    lines: pytest.LogCaptureFixture, clock: ManualClock
) -> None:
    policy(clock, hint=lambda _: 3600).run(Failing(OSError))
    policy(clock).run(Failing(OSError))

    refused, exhausted = (facts(record) for record in lines.records if record.getMessage() == "retold.call.gave_up")
    assert refused["retold.retry.hint"] == 3600.0
    assert "retold.retry.hint" not in exhausted


def test_a_line_says_what_the_server_asked_for_and_what_was_passed_over(
    lines: pytest.LogCaptureFixture, clock: ManualClock
) -> None:
    advice = iter([99, "soon"])

    policy(clock, hint=lambda _: next(advice), hint_cap=10, over_cap="cap").call(Failing(OSError, OSError, "page"))

    first, second = (facts(record) for record in lines.records if record.getMessage() == "retold.retry.scheduled")
    assert (first["retold.retry.delay"], first["retold.retry.hint"]) == (12.0, 99.0)
    assert (second["retold.retry.delay"], second["retold.retry.ignored"]) == (2.0, "hint")
    assert "retold.retry.ignored" not in first
    assert "retold.retry.hint" not in second

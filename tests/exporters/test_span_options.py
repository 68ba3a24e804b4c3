"""What the options of the exporter change: which spans there are, what their status is, what they tell of errors."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

import retold
from retold import Policy, SettingsError
from retold.exporters.logging import Logging
from retold.exporters.opentelemetry import OpenTelemetry
from retold.journal import JOURNAL
from retold.telemetry import EXPORTER_FAILURES
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, attributes, parent_id, span_id
from tests.forms import Failing, Form

OPERATION = "shop.fetch"
ATTEMPT = f"attempt {OPERATION}"
SECRET = "card 4111-1111"


def policy(clock: ManualClock, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "attempts": 3, "backoff": 2, "operation": OPERATION, "clock": clock}
    return Policy(**given | options)


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    made = Sdk()
    yield made
    made.close()


def current() -> int:
    return trace.get_current_span().get_span_context().span_id


class Passing(ManualClock):
    """Time passes while the function runs, too."""

    def now(self) -> float:
        self.advance(0.25)
        return super().now()


# attempt_spans


def test_on_retry_makes_nothing_for_a_call_that_succeeds_at_once(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    with retold.configure(exporters=[sdk.exporter(attempt_spans="on_retry")]):
        form.perform(policy(clock), Failing("page"))

    assert sdk.sampler.started == []


def test_on_retry_opens_the_call_and_the_failed_first_attempt_back_dated(sdk: Sdk, form: Form) -> None:
    with retold.configure(exporters=[sdk.exporter(attempt_spans="on_retry")]):
        form.perform(policy(Passing()), Failing(OSError, "page"))

    call, first, second = sdk.span(OPERATION), *sdk.attempts()
    assert first.start_time is not None
    assert call.start_time == first.start_time
    assert (first.end_time or 0) - first.start_time == pytest.approx(0.25e9)
    assert (second.start_time or 0) >= (first.end_time or 0)
    assert {parent_id(span) for span in (first, second)} == {span_id(call)}
    assert [attributes(span)["retold.attempt.outcome"] for span in (first, second)] == ["error", "success"]
    assert attributes(first)["retold.retry.delay"] == 2.0
    assert attributes(call)["retold.attempt.count"] == 2


def test_on_retry_has_the_first_attempt_run_under_the_caller_s_span(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    seen: list[int] = []
    turns = Failing(OSError, "page")

    def work() -> Any:
        seen.append(current())
        return turns()

    with retold.configure(exporters=[sdk.exporter(attempt_spans="on_retry")]):
        with sdk.tracer.start_as_current_span("order") as order:
            form.perform(policy(clock), work)

    assert seen == [order.get_span_context().span_id, span_id(sdk.attempts()[1])]
    assert parent_id(sdk.span(OPERATION)) == seen[0]
    assert current() == 0


class Interrupt(BaseException):
    """No exception that is retried."""


@pytest.mark.parametrize("error", [ValueError(), retold.Abort(), Interrupt()], ids=repr)
def test_on_retry_makes_spans_of_every_call_that_does_not_succeed(
    sdk: Sdk, form: Form, clock: ManualClock, error: BaseException
) -> None:
    with retold.configure(exporters=[sdk.exporter(attempt_spans="on_retry")]), pytest.raises(type(error)):
        form.perform(policy(clock), Failing(error))

    assert [span.name for span in sdk.calls() + sdk.attempts()] == [OPERATION, ATTEMPT]


@pytest.mark.parametrize("first", ["spans", "lines"])
def test_lines_name_the_late_spans_whoever_is_configured_first(
    sdk: Sdk, clock: ManualClock, caplog: pytest.LogCaptureFixture, first: str
) -> None:
    exporters = [sdk.exporter(attempt_spans="on_retry"), Logging()]

    with retold.configure(exporters=exporters if first == "spans" else exporters[::-1]):
        with caplog.at_level(logging.DEBUG, "retold"), pytest.raises(OSError):
            policy(clock, attempts=1).call(Failing(OSError))

    ids = {record.message: int(record.__dict__["span_id"], 16) for record in caplog.records}
    assert ids == {
        "retold.attempt.failed": span_id(sdk.span(ATTEMPT)),
        "retold.call.gave_up": span_id(sdk.span(OPERATION)),
    }


def test_off_makes_one_span_that_is_current_while_the_function_runs(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    seen: list[int] = []
    turns = Failing(OSError, "page")

    def work() -> Any:
        seen.append(current())
        return turns()

    with retold.configure(exporters=[sdk.exporter(attempt_spans="off")]):
        form.perform(policy(clock), work)

    [call] = sdk.spans
    assert call.name == OPERATION
    assert seen == [span_id(call)] * 2
    assert attributes(call)["retold.attempt.count"] == 2
    assert not any("dropped" in key for key in attributes(call))
    assert current() == 0


# attempt_errors


def test_failed_attempts_can_do_without_the_status_that_tail_samplers_look_for(
    sdk: Sdk, form: Form, clock: ManualClock
) -> None:
    with retold.configure(exporters=[sdk.exporter(attempt_errors="attribute")]):
        form.perform(policy(clock), Failing(OSError, "page"))
        with pytest.raises(OSError):
            form.perform(policy(clock, attempts=1), Failing(OSError))

    assert {span.status.status_code for span in sdk.attempts()} == {StatusCode.UNSET}
    assert [attributes(span).get("error.type") for span in sdk.attempts()].count("OSError") == 2
    assert [span.status.status_code for span in sdk.calls()] == [StatusCode.UNSET, StatusCode.ERROR]


# exception_details


def masked(message: str) -> str:
    return message.replace("4111-1111", "…")


def test_the_message_is_shown_as_it_was_redacted(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    with retold.configure(exporters=[sdk.exporter(exception_details="redacted", redact=masked)]):
        with pytest.raises(OSError, match="4111"):
            form.perform(policy(clock, attempts=2), Failing(OSError(SECRET)))

    assert [attributes(span).get("exception.message") for span in sdk.spans] == ["card …"] * 3
    assert not any("exception.stacktrace" in attributes(span) for span in sdk.spans)
    assert not any("4111-1111" in span.to_json() for span in sdk.spans)


def test_the_message_and_the_stack_are_shown_in_full(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    with retold.configure(exporters=[sdk.exporter(exception_details="full")]), pytest.raises(OSError, match="4111"):
        form.perform(policy(clock, attempts=2), Failing(OSError(SECRET)))

    for span in sdk.spans:
        stack = attributes(span)["exception.stacktrace"]
        assert attributes(span)["exception.message"] == SECRET
        assert stack.startswith("Traceback (most recent call last):")
        assert stack.rstrip().endswith(f"OSError: {SECRET}")
        assert "in __call__" in stack
        assert span.events == ()
        assert span.status.description is None


def test_a_call_that_recovered_tells_of_no_exception(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    with retold.configure(exporters=[sdk.exporter(exception_details="full")]):
        form.perform(policy(clock), Failing(OSError(SECRET), "page"))

    shown = [span for span in sdk.spans if "exception.message" in attributes(span)]
    assert [attributes(span)["retold.attempt.number"] for span in shown] == [1]


def test_without_spans_of_attempts_the_call_s_tells_of_the_last_exception(
    sdk: Sdk, form: Form, clock: ManualClock
) -> None:
    with retold.configure(exporters=[sdk.exporter(exception_details="full", attempt_spans="off")]):
        with pytest.raises(OSError, match="second"):
            form.perform(policy(clock, attempts=2), Failing(OSError("first"), OSError("second")))

    assert attributes(sdk.span(OPERATION))["exception.message"] == "second"


def test_a_bug_in_the_policy_does_not_wear_the_message_of_the_attempt(sdk: Sdk, clock: ManualClock) -> None:
    def on(error: BaseException) -> bool:
        raise LookupError

    with retold.configure(exporters=[sdk.exporter(exception_details="full")]), pytest.raises(LookupError):
        policy(clock, on=on).call(Failing(OSError(SECRET)))

    assert attributes(sdk.span(OPERATION))["error.type"] == "LookupError"
    assert "exception.message" not in attributes(sdk.span(OPERATION))


@pytest.mark.parametrize("redact", [lambda message: 1 / 0, lambda message: None], ids=["raises", "returns None"])
def test_a_redaction_that_fails_shows_nothing_and_is_counted(
    sdk: Sdk, form: Form, clock: ManualClock, redact: Callable[[str], Any]
) -> None:
    with retold.configure(exporters=[sdk.exporter(exception_details="redacted", redact=redact)]):
        with pytest.raises(OSError, match="4111"):
            form.perform(policy(clock, attempts=2), Failing(OSError(SECRET)))

    assert len(sdk.spans) == 3
    assert not any("4111-1111" in span.to_json() for span in sdk.spans)
    assert {span.status.status_code for span in sdk.spans} == {StatusCode.ERROR}
    assert [attributes(span)["retold.attempt.outcome"] for span in sdk.attempts()] == ["error", "error"]
    assert JOURNAL.collect()[EXPORTER_FAILURES][("opentelemetry",)] == 2
    assert current() == 0


def test_a_redaction_that_fails_later_leaves_no_earlier_message_on_the_call(sdk: Sdk, clock: ManualClock) -> None:
    answers = iter(["first"])

    with retold.configure(exporters=[sdk.exporter(exception_details="redacted", redact=lambda _: next(answers))]):
        with pytest.raises(OSError, match="4111"):
            policy(clock, attempts=2).call(Failing(OSError(SECRET)))

    assert [attributes(span).get("exception.message") for span in sdk.attempts()] == ["first", None]
    assert "exception.message" not in attributes(sdk.span(OPERATION))


class Unprintable(OSError):
    def __str__(self) -> str:
        raise RuntimeError


def test_an_exception_that_cannot_be_printed_is_no_failure_of_the_exporter(
    sdk: Sdk, form: Form, clock: ManualClock
) -> None:
    with retold.configure(exporters=[sdk.exporter(exception_details="full")]), pytest.raises(Unprintable):
        form.perform(policy(clock, attempts=1), Failing(Unprintable()))

    assert attributes(sdk.span(OPERATION))["exception.message"] == "<str() of the exception failed>"
    assert JOURNAL.collect()[EXPORTER_FAILURES][("opentelemetry",)] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"attempt_spans": "never"},
            "attempt_spans must not be 'never': write attempt_spans='always', attempt_spans='on_retry'"
            " or attempt_spans='off'",
        ),
        (
            {"attempt_errors": None},
            "attempt_errors must not be None: write attempt_errors='status' or attempt_errors='attribute'",
        ),
        ({"exception_details": ["full"]}, r"exception_details must not be \['full'\]: write exception_details='type'"),
        ({"exception_details": "redacted"}, "needs redact=, a callable from message to message, not None"),
        ({"exception_details": "redacted", "redact": "***"}, r"not '\*\*\*'"),
        ({"redact": masked}, "redact is asked by exception_details='redacted' alone, not by 'type'"),
        ({"exception_details": "full", "redact": masked}, "alone, not by 'full': leave one of them out"),
    ],
)
def test_a_wrong_option_is_refused_with_its_value_and_the_remedy(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        OpenTelemetry(**options)

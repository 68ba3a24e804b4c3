"""The spans of a call: which there are, and what is on them."""

from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

import retold
from retold import Policy
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, attributes, parent_id, span_id
from tests.forms import Failing, Form

OPERATION = "shop.fetch"
SECRET = "card 4111-1111"


def policy(clock: ManualClock, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "attempts": 3, "backoff": 2, "operation": OPERATION, "clock": clock}
    return Policy(**given | options)


def statuses(sdk: Sdk) -> tuple[StatusCode, list[StatusCode]]:
    [call] = sdk.calls()
    return call.status.status_code, [span.status.status_code for span in sdk.attempts()]


def test_a_call_is_a_span_with_a_span_for_each_attempt_below_it(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    with sdk.tracer.start_as_current_span("order"):
        form.perform(policy(clock), Failing(OSError, OSError, "page"))

    order, call, *attempts = sdk.spans
    assert (order.name, call.name, [span.name for span in attempts]) == (
        "order",
        OPERATION,
        [f"attempt {OPERATION}"] * 3,
    )
    assert parent_id(call) == span_id(order)
    assert {parent_id(span) for span in attempts} == {span_id(call)}
    assert {span.kind for span in (call, *attempts)} == {SpanKind.INTERNAL}
    assert len({span.context.trace_id for span in sdk.spans if span.context}) == 1


def test_the_attributes_of_a_call_that_failed_are_the_contract_s(sdk: Sdk, clock: ManualClock) -> None:
    @policy(clock, timeout=60)
    def fetch() -> None:
        raise OSError(SECRET)

    with pytest.raises(OSError, match="4111"):
        fetch()

    assert attributes(sdk.span(OPERATION)) == {
        "retold.operation": OPERATION,
        "code.function.name": f"{__name__}.{fetch.__qualname__}",
        "retold.policy.max_attempts": 3,
        "retold.policy.timeout": 60.0,
        "retold.outcome": "attempts_exhausted",
        "retold.retried": True,
        "retold.attempt.count": 3,
        "retold.delay.total": 4.0,
        "retold.fallback": False,
        "error.type": "OSError",
    }
    of_attempt = {"retold.operation": OPERATION, "retold.attempt.outcome": "error", "error.type": "OSError"}
    wait = {"retold.retry.delay": 2.0, "retold.retry.delay_source": "backoff"}
    assert [attributes(span) for span in sdk.attempts()] == [
        {**of_attempt, **wait, "retold.attempt.number": 1},
        {**of_attempt, **wait, "retold.attempt.number": 2},
        {**of_attempt, "retold.attempt.number": 3},
    ]


def test_a_call_that_succeeds_at_once_has_no_error_and_no_delay(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    form.perform(policy(clock), Failing("page"))

    [attempt] = sdk.attempts()
    of_call = attributes(sdk.span(OPERATION))
    of_call.pop("code.function.name", None)
    assert of_call == {
        "retold.operation": OPERATION,
        "retold.policy.max_attempts": 3,
        "retold.outcome": "success",
        "retold.retried": False,
        "retold.attempt.count": 1,
        "retold.delay.total": 0.0,
        "retold.fallback": False,
    }
    assert attributes(attempt) == {
        "retold.operation": OPERATION,
        "retold.attempt.number": 1,
        "retold.attempt.outcome": "success",
    }


def test_a_sampler_sees_what_is_known_at_the_start(sdk: Sdk, clock: ManualClock) -> None:
    @policy(clock, attempts=None, timeout=60)
    def fetch() -> str:
        return "page"

    fetch()

    function = f"{__name__}.{fetch.__qualname__}"
    assert sdk.sampler.started == [
        (
            OPERATION,
            {"retold.operation": OPERATION, "code.function.name": function, "retold.policy.timeout": 60.0},
        ),
        (f"attempt {OPERATION}", {"retold.operation": OPERATION, "retold.attempt.number": 1}),
    ]


def test_a_hint_is_named_as_the_source_of_the_delay(sdk: Sdk, clock: ManualClock) -> None:
    policy(clock, hint=lambda _: 7).call(Failing(OSError, "page"))

    failed, _ = sdk.attempts()
    assert attributes(failed)["retold.retry.delay"] == 9.0
    assert attributes(failed)["retold.retry.delay_source"] == "hint"
    assert attributes(failed)["retold.retry.hint"] == 7.0
    assert "retold.retry.ignored" not in attributes(failed)


def test_a_refused_hint_is_on_the_span_of_the_call(sdk: Sdk, clock: ManualClock) -> None:
    policy(clock, hint=lambda _: 99).run(Failing(OSError))

    assert attributes(sdk.span("shop.fetch"))["retold.retry.hint"] == 99.0


def test_a_hint_over_the_cap_is_recorded_as_the_server_gave_it(sdk: Sdk, clock: ManualClock) -> None:
    policy(clock, hint=lambda _: 99, hint_cap=10, over_cap="cap").call(Failing(OSError, "page"))

    failed, _ = sdk.attempts()
    assert (attributes(failed)["retold.retry.delay"], attributes(failed)["retold.retry.hint"]) == (12.0, 99.0)


def test_an_answer_that_was_passed_over_is_on_the_attempt(sdk: Sdk, clock: ManualClock) -> None:
    policy(clock, hint=lambda _: "soon").call(Failing(OSError, "page"))

    failed, _ = sdk.attempts()
    assert attributes(failed)["retold.retry.ignored"] == "hint"
    assert "retold.retry.hint" not in attributes(failed)


def test_a_fallback_is_on_the_span_of_the_failure_that_it_replaced(sdk: Sdk, clock: ManualClock) -> None:
    assert policy(clock, fallback=None).call(Failing(OSError)) is None

    of_call = attributes(sdk.span(OPERATION))
    assert (of_call["retold.fallback"], of_call["retold.outcome"]) == (True, "attempts_exhausted")
    assert sdk.span(OPERATION).status.status_code is StatusCode.ERROR


def test_a_failed_attempt_is_an_error_and_the_recovered_call_is_none(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    form.perform(policy(clock), Failing(OSError, "page"))

    assert statuses(sdk) == (StatusCode.UNSET, [StatusCode.ERROR, StatusCode.UNSET])


@pytest.mark.parametrize(
    "error", [OSError(), ValueError(), retold.Abort()], ids=["gave up", "not retryable", "aborted"]
)
def test_a_failed_call_is_an_error(sdk: Sdk, form: Form, clock: ManualClock, error: Exception) -> None:
    with pytest.raises(type(error)):
        form.perform(policy(clock, attempts=1), Failing(error))

    assert statuses(sdk) == (StatusCode.ERROR, [StatusCode.ERROR])


def test_a_rejected_attempt_is_no_error(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    with pytest.raises(retold.RejectedResult):
        form.perform(policy(clock, attempts=2, on_result=lambda page: page == ""), Failing(""))

    assert statuses(sdk) == (StatusCode.ERROR, [StatusCode.UNSET, StatusCode.UNSET])
    assert {attributes(span)["error.type"] for span in sdk.spans} == {"retold.RejectedResult"}


def test_a_cancelled_call_is_no_error(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    class Interrupt(BaseException):
        pass

    with pytest.raises(Interrupt):
        form.perform(policy(clock), Failing(Interrupt))

    assert statuses(sdk) == (StatusCode.UNSET, [StatusCode.UNSET])
    assert attributes(sdk.attempts()[0])["retold.attempt.outcome"] == "cancelled"
    assert not any("error.type" in attributes(span) for span in sdk.spans)


def test_no_span_has_a_description_an_event_or_the_message_of_an_exception(
    sdk: Sdk, form: Form, clock: ManualClock
) -> None:
    with pytest.raises(OSError, match="4111"):
        form.perform(policy(clock), Failing(OSError(SECRET)))

    assert len(sdk.spans) == 4
    assert {span.status.description for span in sdk.spans} == {None}
    assert [span.events for span in sdk.spans] == [()] * 4
    assert not any(SECRET in span.to_json() for span in sdk.spans)


def test_the_scope_names_the_library_and_its_conventions(sdk: Sdk, clock: ManualClock) -> None:
    policy(clock).call(Failing("page"))

    [scope] = {span.instrumentation_scope for span in sdk.spans}
    assert scope is not None
    assert (scope.name, scope.schema_url) == ("retold", "https://opentelemetry.io/schemas/1.33.0")


def test_a_call_has_32_attempt_spans_at_most_and_counts_the_others(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    form.perform(policy(clock, attempts=40, backoff=1), Failing(*[OSError] * 34, "page"))

    of_call = attributes(sdk.span(OPERATION))
    assert [attributes(span)["retold.attempt.number"] for span in sdk.attempts()] == list(range(1, 33))
    assert (of_call["retold.attempt.spans_dropped"], of_call["retold.attempt.count"]) == (3, 35)


def test_the_last_span_ends_before_the_attempts_that_have_none(sdk: Sdk, clock: ManualClock) -> None:
    times: list[int] = []

    def work() -> None:
        times.append(len(sdk.finished.get_finished_spans()))
        raise OSError

    with pytest.raises(OSError):
        policy(clock, attempts=34, backoff=0).call(work)

    assert times == [*range(33), 32]

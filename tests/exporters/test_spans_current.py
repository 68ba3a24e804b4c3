"""Which span is current while what runs: the attempt's in the function, the call's in the policy, none in a wait."""

import asyncio
import time
from typing import Any

import pytest
from opentelemetry import context, trace

import retold
from retold import Policy
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, parent_id, span_id
from tests.forms import Failing, Form


def current() -> int:
    """The id of the current span; 0 without one."""
    return trace.get_current_span().get_span_context().span_id


class WatchingClock(ManualClock):
    """Also keeps the span and the context that are current in every wait, and when it was."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[int] = []
        self.contexts: list[context.Context] = []
        self.times: list[int] = []

    def sleep(self, seconds: float, /) -> None:
        self.times.append(time.time_ns())
        self.spans.append(current())
        self.contexts.append(context.get_current())
        super().sleep(seconds)


@pytest.fixture
def clock() -> WatchingClock:
    return WatchingClock()


def policy(clock: ManualClock, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "attempts": 3, "backoff": 1, "operation": "shop.fetch", "clock": clock}
    return Policy(**given | options)


def test_the_attempt_s_span_is_current_while_the_function_runs(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    seen: list[int] = []

    def work() -> str:
        seen.append(current())
        if len(seen) < 3:
            raise OSError
        return "page"

    form.perform(policy(clock), work)

    assert seen == [span_id(span) for span in sdk.attempts()]
    assert len(seen) == 3


async def test_it_stays_current_over_an_await(sdk: Sdk, async_form: Form, clock: WatchingClock) -> None:
    seen: list[int] = []

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(current())

    await async_form.awaiting(policy(clock), work)

    assert seen == [span_id(sdk.span("attempt shop.fetch"))]


def test_a_span_made_inside_nests_under_its_attempt(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    def work() -> str:
        with sdk.tracer.start_as_current_span("GET"):
            if len(sdk.attempts()) < 1:
                raise OSError
        return "page"

    form.perform(policy(clock), work)

    parents = [parent_id(span) for span in sdk.spans if span.name == "GET"]
    assert parents == [span_id(span) for span in sdk.attempts()]
    assert len(parents) == 2


def test_the_call_s_span_is_current_in_the_policy_s_own_callables(
    sdk: Sdk, function_form: Form, clock: WatchingClock
) -> None:
    seen: dict[str, int] = {}

    def told(name: str, answer: Any) -> Any:
        seen[name] = current()
        return answer

    work = Failing(OSError)
    function_form.perform(
        policy(
            clock,
            attempts=2,
            on=lambda _: told("on", True),
            backoff=lambda _: told("backoff", 1.0),
            hint=lambda _: told("hint", None),
            fallback=lambda _: told("fallback", "none"),
        ),
        work,
    )

    assert seen == dict.fromkeys(["on", "hint", "backoff", "fallback"], span_id(sdk.span("shop.fetch")))


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a span"])
def test_nothing_is_attached_after_the_call_or_in_a_wait(
    sdk: Sdk, sync_form: Form, clock: WatchingClock, *, inside: bool
) -> None:
    token = context.attach(context.set_value("shop", inside))
    before = context.get_current()

    with pytest.raises(OSError):
        sync_form.perform(policy(clock), Failing(OSError))

    assert context.get_current() is before
    assert [each is before for each in clock.contexts] == [True, True]
    context.detach(token)


async def test_nothing_is_attached_after_an_async_call_or_in_its_wait(
    sdk: Sdk, async_form: Form, clock: WatchingClock
) -> None:
    async def work() -> None:
        raise OSError

    with sdk.tracer.start_as_current_span("order") as order:
        before = context.get_current()
        with pytest.raises(OSError):
            await async_form.awaiting(policy(clock), work)
        assert context.get_current() is before

    assert clock.spans == [order.get_span_context().span_id] * 2
    assert all(each is before for each in clock.contexts)


def test_attempts_beyond_the_cap_run_under_the_call_s_span(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    seen: list[int] = []

    def work() -> None:
        seen.append(current())
        raise OSError

    with pytest.raises(OSError):
        form.perform(policy(clock, attempts=34), work)

    assert seen[32:] == [span_id(sdk.span("shop.fetch"))] * 2
    assert current() == 0


def test_two_exporters_leave_nothing_attached(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    other = Sdk()

    with retold.configure(exporters=[sdk.exporter(), other.exporter()]):
        form.perform(policy(clock), Failing(OSError, "page"))

    assert clock.spans == [0]
    assert current() == 0
    assert len(sdk.spans) == len(other.spans) == 3
    other.close()


def test_waits_lie_between_attempts(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    with pytest.raises(OSError):
        form.perform(policy(clock), Failing(OSError))

    first, second, third = [(span.start_time or 0, span.end_time or 0) for span in sdk.attempts()]
    one, two = clock.times
    assert first[0] <= first[1] <= one <= second[0] <= second[1] <= two <= third[0] <= third[1]
    call = sdk.span("shop.fetch")
    assert (call.start_time or 0) <= first[0] <= third[1] <= (call.end_time or 0)


@pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")
def test_nested_calls_nest_their_spans(sdk: Sdk, form: Form, clock: WatchingClock) -> None:
    inner = policy(clock, operation="inner", attempts=2)
    outer = policy(clock, operation="outer", attempts=2)

    with pytest.raises(OSError):
        outer.call(lambda: form.perform(inner, Failing(OSError)))

    attempts_of_outer = [span for span in sdk.attempts() if span.name == "attempt outer"]
    calls_of_inner = [span for span in sdk.calls() if span.name == "inner"]
    assert [parent_id(span) for span in calls_of_inner] == [span_id(span) for span in attempts_of_outer]
    assert len(sdk.spans) == 1 + 2 + 2 + 4
    assert clock.spans[0] == span_id(attempts_of_outer[0])
    assert current() == 0

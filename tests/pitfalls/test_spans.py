"""Observability: statements 46 to 48, spans."""

import contextlib
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

import retold
from retold import Abort, Policy, RetoldWarning
from retold.testing import ManualClock
from tests.budgets import spent
from tests.exporters.sdk import Sdk, parent_id, span_id
from tests.forms import SYNC_FORMS, Failing, Form
from tests.iterations import Iteration, Runs
from tests.looping import Library
from tests.pitfalls.tasks import together
from tests.readings import collected_by

ERROR, UNSET = StatusCode.ERROR, StatusCode.UNSET


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    """A real SDK, told of every call of the test, after which every span has ended."""
    made = Sdk()
    with retold.configure(exporters=[made.exporter()]):
        yield made
    assert len(made.sampler.started) == len(made.spans)
    assert trace.get_current_span() is trace.INVALID_SPAN
    made.close()


def policy(clock: ManualClock, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "backoff": 2, "operation": "shop.fetch", "clock": clock}
    return Policy(**given | options)


def lasted(span: ReadableSpan) -> tuple[int, int]:
    """When a span began and when it ended."""
    return span.start_time or 0, span.end_time or 0


def test_46_an_attempt_s_span_is_current_while_the_users_code_runs(sdk: Sdk, form: Form, clock: ManualClock) -> None:
    work = Failing(OSError, OSError, "page")

    def fetch() -> Any:
        with sdk.tracer.start_as_current_span("GET"):
            return work()

    form.perform(policy(clock), fetch)

    attempts = sdk.attempts()
    inner = [span for span in sdk.spans if span.name == "GET"]
    assert [parent_id(span) for span in inner] == [span_id(span) for span in attempts]
    for attempt, span in zip(attempts, inner, strict=True):
        began, ended = lasted(attempt)
        assert began <= lasted(span)[0] <= lasted(span)[1] <= ended


class Sleeping(ManualClock):
    """A clock that asks, in each wait, which span is current and what the time is."""

    def __init__(self) -> None:
        super().__init__()
        self.current: list[trace.Span] = []
        self.times: list[int] = []

    def sleep(self, seconds: float, /) -> None:
        self.current.append(trace.get_current_span())
        self.times.append(time.time_ns())
        super().sleep(seconds)


def test_46_waits_lie_between_the_attempts(sdk: Sdk, form: Form) -> None:
    clock = Sleeping()

    form.perform(policy(clock), Failing(OSError, OSError, "page"))

    first, second, third = sdk.attempts()
    assert clock.current == [trace.INVALID_SPAN] * 2
    for before, waited, after in ((first, clock.times[0], second), (second, clock.times[1], third)):
        assert lasted(before)[1] <= waited <= lasted(after)[0]


ENDS: dict[str, tuple[dict[str, Any], tuple[object, ...], StatusCode, list[StatusCode]]] = {
    "success": ({}, ("page",), UNSET, [UNSET]),
    "recovered": ({}, (OSError, "page"), UNSET, [ERROR, UNSET]),
    "attempts exhausted": ({"attempts": 2}, (OSError,), ERROR, [ERROR, ERROR]),
    "deadline exceeded": ({"timeout": 1}, (OSError,), ERROR, [ERROR]),
    "hint refused": ({"hint": lambda _: 3600}, (OSError,), ERROR, [ERROR]),
    "budget exhausted": ({"budget": spent()}, (OSError,), ERROR, [ERROR]),
    "not retryable": ({}, (OSError, ValueError), ERROR, [ERROR, ERROR]),
    "aborted": ({}, (Abort(),), ERROR, [ERROR]),
    "cancelled": ({}, (OSError, KeyboardInterrupt), UNSET, [ERROR, UNSET]),
}
"""By how a call ends: options, what its attempts do, the status of its span and of theirs."""


@pytest.mark.parametrize("ending", ENDS)
def test_47_the_status_says_what_failed_and_every_span_ends(
    ending: str, sdk: Sdk, form: Form, clock: ManualClock
) -> None:
    options, turns, of_call, of_attempts = ENDS[ending]

    with contextlib.suppress(Exception, KeyboardInterrupt):
        form.perform(policy(clock, **options), Failing(*turns))

    [call] = sdk.calls()
    assert call.status.status_code is of_call
    assert [span.status.status_code for span in sdk.attempts()] == of_attempts


@pytest.mark.parametrize("mode", ["restart", "open"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_47_so_it_does_when_a_generator_is_closed(mode: Any, kind: str, sdk: Sdk, clock: ManualClock) -> None:
    iteration = Iteration(policy(clock, generator=mode)(Runs([OSError()], [1, 2]).function(kind))())

    iteration.send()
    iteration.close()

    assert [span.status.status_code for span in (*sdk.calls(), *sdk.attempts())] == [UNSET, ERROR, UNSET]


@pytest.mark.parametrize("inner", SYNC_FORMS, ids=str)
def test_48_spans_and_counters_of_nested_calls_do_not_mix(
    sdk: Sdk, form: Form, inner: Form, clock: ManualClock
) -> None:
    works = [Failing(OSError, index) for index in range(3)]
    outer_turns = iter([True, True, False])

    def outer() -> None:
        inner.perform(policy(clock, operation="inner", on=OSError), works[next(numbers)])
        if next(outer_turns):
            raise ConnectionError

    numbers = iter(range(3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RetoldWarning)
        form.perform(policy(clock, operation="outer"), outer)

    outer_attempts = [span for span in sdk.attempts() if span.name == "attempt outer"]
    inner_calls = [span for span in sdk.spans if span.name == "inner"]
    assert [parent_id(span) for span in inner_calls] == [span_id(span) for span in outer_attempts]
    counts = {name: value for name, value in collected_by(sdk.reader).items() if name[0] == "retold.attempts"}
    assert counts == {
        ("retold.attempts", "outer", "error"): 2,
        ("retold.attempts", "outer", "success"): 1,
        ("retold.attempts", "inner", "error"): 3,
        ("retold.attempts", "inner", "success"): 3,
    }


def test_48_nor_do_those_of_tasks_that_take_turns(sdk: Sdk, async_form: Form, library: Library) -> None:
    async def fetch(number: int) -> None:
        work = Failing(OSError, OSError, "page")

        async def awaited() -> Any:
            with sdk.tracer.start_as_current_span(f"GET {number}"):
                await library.sleep(1)
                return work()

        await async_form.awaiting(Policy(on=OSError, backoff=[1, 2], operation=f"shop.{number}"), awaited)

    library.run(lambda: together(library, *(lambda number=number: fetch(number) for number in range(5))))

    names = {span_id(span): span.name for span in sdk.spans}
    assert len(sdk.calls()) == 5
    for span in sdk.spans:
        kind, _, number = span.name.rpartition(" ")
        if kind:
            above = parent_id(span)
            assert above is not None
            assert names[above] == (f"attempt shop.{number}" if kind == "GET" else number)

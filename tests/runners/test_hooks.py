"""A policy's own hooks: told of its calls like exporters, and never able to change one."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Abort, CallEnded, Outcome, Policy, PolicyError, RetryScheduled
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL
from retold.telemetry import EXPORTER_FAILURES
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk
from tests.forms import DECORATOR, Failing, Form


class Hooks:
    """Remembers what each hook was told."""

    def __init__(self) -> None:
        self.retries: list[RetryScheduled] = []
        self.give_ups: list[CallEnded] = []
        self.successes: list[CallEnded] = []

    @property
    def options(self) -> dict[str, Any]:
        return {
            "on_retry": self.retries.append,
            "on_give_up": self.give_ups.append,
            "on_success": self.successes.append,
        }

    @property
    def told(self) -> tuple[int, int, int]:
        return len(self.retries), len(self.give_ups), len(self.successes)


@pytest.fixture
def hooks() -> Hooks:
    return Hooks()


@pytest.mark.parametrize(
    ("turns", "told"),
    [
        (["value"], (0, 0, 1)),
        ([OSError, "value"], (1, 0, 1)),
        ([OSError], (2, 1, 0)),
        ([OSError, ValueError], (1, 0, 0)),
        ([Abort()], (0, 0, 0)),
        ([KeyboardInterrupt], (0, 0, 0)),
    ],
    ids=["success", "recovered", "gave-up", "not-retryable", "aborted", "cancelled"],
)
def test_each_hook_is_told_of_what_it_is_for(
    turns: list[object], told: tuple[int, int, int], form: Form, clock: ManualClock, hooks: Hooks
) -> None:
    with contextlib.suppress(BaseException):
        form.perform(Policy(on=OSError, backoff=2, clock=clock, **hooks.options), Failing(*turns))

    assert hooks.told == told


def test_they_get_the_events_that_exporters_get(
    form: Form, clock: ManualClock, seen: MemoryExporter, hooks: Hooks
) -> None:
    policy = Policy(on=OSError, backoff=2, operation="fetch", clock=clock, **hooks.options)

    form.perform(policy, Failing(OSError, "value"))
    with pytest.raises(OSError):
        form.perform(policy, Failing(OSError))

    assert hooks.retries == seen.retries
    assert hooks.successes + hooks.give_ups == seen.calls
    assert (hooks.retries[0].number, hooks.retries[0].delay) == (1, 2.0)
    assert (hooks.give_ups[0].outcome, hooks.give_ups[0].attempts) == (Outcome.ATTEMPTS_EXHAUSTED, 3)
    assert (hooks.successes[0].duration, hooks.give_ups[0].duration) == (2.0, 4.0)


def test_a_give_up_is_told_with_the_time_since_its_start(form: Form, clock: ManualClock) -> None:
    give_ups: list[CallEnded] = []

    def slow() -> None:
        clock.advance(3)
        raise OSError

    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=1, clock=clock, on_give_up=give_ups.append), slow)

    assert [event.duration for event in give_ups] == [3.0]


def test_a_served_fallback_is_a_give_up(function_form: Form, clock: ManualClock, hooks: Hooks) -> None:
    policy: Policy[Any] = Policy(on=OSError, attempts=1, clock=clock, fallback=lambda error: "instead", **hooks.options)

    assert function_form.perform(policy, Failing(OSError)) == "instead"

    assert [event.fallback for event in hooks.give_ups] == [True]


@pytest.mark.parametrize("hook", ["on_retry", "on_give_up", "on_success"])
def test_a_hook_that_raises_is_counted_and_changes_nothing(hook: str, form: Form, clock: ManualClock) -> None:
    def broken(event: object) -> None:
        raise LookupError

    options: dict[str, Any] = {hook: broken}
    policy = Policy(on=OSError, attempts=2, backoff=0, clock=clock, **options)

    with pytest.raises(OSError, match="run 2"):
        form.perform(policy, Failing(OSError))
    assert form.perform(policy, Failing(OSError, "value")) == "value"

    assert JOURNAL.collect()[EXPORTER_FAILURES][hook,] == {"on_retry": 2, "on_give_up": 1, "on_success": 1}[hook]


def test_hooks_belong_to_their_policy_alone(form: Form, clock: ManualClock, hooks: Hooks) -> None:
    policy = Policy(on=OSError, backoff=0, operation="fetch", clock=clock, **hooks.options)

    form.perform(policy.replace(on_retry=None, on_success=None), Failing(OSError, "value"))

    assert hooks.told == (0, 0, 0)


def test_hooks_are_told_whatever_exporters_are_configured_later(clock: ManualClock, hooks: Hooks) -> None:
    work = Failing(OSError, "value", OSError, "value")
    retries, successes = hooks.retries.append, hooks.successes.append
    policy = Policy(on=OSError, backoff=0, clock=clock, on_retry=retries, on_success=successes)

    def fetch() -> Any:
        return work()

    decorated: Callable[[], Any] = policy(fetch)
    decorated()
    memory = MemoryExporter()
    with retold.configure(exporters=[memory]):
        decorated()
    work.runs = 0
    decorated()

    assert hooks.told == (3, 0, 3)
    assert len(memory.calls) == 1


@pytest.mark.parametrize("sampled", [True, False])
def test_hooks_are_told_of_calls_that_tracing_declines(
    sampled: bool, form: Form, clock: ManualClock, hooks: Hooks
) -> None:
    class Declining(MemoryExporter):
        live = True

        def wants_call(self) -> bool:
            return sampled

    memory = Declining()
    with retold.configure(exporters=[memory]):
        policy = Policy(on=OSError, backoff=0, clock=clock, on_retry=hooks.retries.append)
        form.perform(policy, Failing(OSError, "value"))

    assert len(hooks.retries) == 1
    assert len(memory.calls) == sampled


@pytest.mark.parametrize("metrics", [False, True])
@pytest.mark.parametrize("work", [Failing("value"), Failing(OSError, "value")], ids=["at once", "late"])
def test_tracing_that_declines_a_call_is_left_out_where_a_hook_hears_of_every_success(
    work: Failing, form: Form, clock: ManualClock, hooks: Hooks, metrics: bool
) -> None:
    class Declining(MemoryExporter):
        asked = 0

        def wants_call(self) -> bool:
            self.asked += 1
            return self.asked % 2 == 0

    work.runs = 0
    memory, prometheus = Declining(), Prometheus(CollectorRegistry())
    policy = Policy(on=OSError, backoff=0, clock=clock, on_success=hooks.successes.append)
    with retold.configure(exporters=[memory, *([prometheus] if metrics else [])]):
        form.perform(policy, work)
    prometheus.close()

    assert len(hooks.successes) == 1
    assert memory.events == []
    assert memory.asked == 1


def test_a_hook_runs_where_the_call_s_span_is_current(form: Form, clock: ManualClock) -> None:
    from opentelemetry import trace

    sdk, names = Sdk(), []

    def look(event: object) -> None:
        names.append(getattr(trace.get_current_span(), "name", None))

    with retold.configure(exporters=[sdk.exporter()]):
        policy = Policy(
            on=OSError, attempts=2, backoff=0, operation="fetch", clock=clock, on_retry=look, on_success=look
        )
        form.perform(policy, Failing(OSError, "value"))
    sdk.close()

    assert names == ["fetch", "fetch"]


def test_hooks_alone_have_a_success_cost_no_more_than_a_clock(clock: ManualClock) -> None:
    def fetch() -> str:
        return "page"

    def name_of(**options: Any) -> str:
        decorated = Policy(on=OSError, clock=clock, **options)(fetch)
        assert DECORATOR.perform(Policy(on=OSError, clock=clock, **options), fetch) == "page"
        return str(decorated.__code__.co_filename).split()[1]

    assert name_of(on_retry=print) == "quiet"
    assert name_of(on_give_up=print) == "timed"
    assert name_of(on_success=print) == "told"


@pytest.mark.parametrize("hook", ["on_retry", "on_give_up", "on_success"])
def test_a_hook_that_nobody_would_await_is_refused(hook: str) -> None:
    async def told(event: object) -> None: ...

    for value in (told, 5):
        options: dict[str, Any] = {hook: value}
        with pytest.raises(PolicyError, match=f"{hook} must be a callable that takes an event and is not async, not "):
            Policy(on=OSError, **options)


async def test_concurrent_calls_tell_their_own(hooks: Hooks) -> None:
    policy = Policy(on=OSError, backoff=0, **hooks.options)

    await asyncio.gather(*(policy.acall(_awaited(Failing(OSError, "value"))) for _ in range(10)))

    assert hooks.told == (10, 0, 10)


def _awaited(work: Failing) -> Any:
    async def perform() -> Any:
        await asyncio.sleep(0)
        return work()

    return perform


def test_sleeping_exporters_wake_under_hooks_too(form: Form, clock: ManualClock, hooks: Hooks) -> None:
    awake: list[None] = []

    class Sleeping(MemoryExporter):
        def is_awake(self) -> bool:
            return bool(awake)

    memory = Sleeping()
    with retold.configure(exporters=[memory, OpenTelemetry(metrics=False)]):
        policy = Policy(on=OSError, backoff=0, operation="fetch", clock=clock, **hooks.options)
        form.perform(policy, Failing(OSError, "value"))
        awake.append(None)
        form.perform(policy, Failing(OSError, "value"))

    assert hooks.told == (2, 0, 2)
    assert len(memory.calls) == 1

"""A budget is shared by calls of every form: each call earns once, each retry spends, and what is denied is told."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import CollectorRegistry

import retold
from retold import Budget, Exporter, Outcome, Policy, telemetry
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL
from retold.testing import ManualClock, MemoryExporter, disabled, instant
from tests.budgets import spent
from tests.forms import FORMS, FUNCTIONS, LIMITING_FORMS, Failing, Form
from tests.iterations import Iteration, Runs

LISTENERS: dict[str, Callable[[], list[Exporter]]] = {
    "nobody": list,
    "counted": lambda: [Prometheus(CollectorRegistry())],
    "told": lambda: [OpenTelemetry(tracer_provider=TracerProvider(shutdown_on_exit=False), metrics=False)],
    "asked": lambda: [OpenTelemetry(tracer_provider=TracerProvider(shutdown_on_exit=False)), MemoryExporter()],
}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "timed": {"timeout": 1000},
    "hooked": {"on_give_up": lambda event: None},
    "stoppable": {"stop": lambda: False},
    "judged": {"on_result": lambda result: False},
}


def policy(budget: Budget, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "backoff": 0, "operation": "shop.fetch", "clock": ManualClock()}
    return Policy(**given | options, budget=budget)


@pytest.mark.parametrize("listeners", LISTENERS)
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_call_earns_once_whoever_hears_of_it(form: Form, options: str, listeners: str) -> None:
    budget = spent(ratio=0.25, capacity=100)
    shop = policy(budget, **OPTIONS[options])

    with retold.configure(exporters=LISTENERS[listeners]()):
        form.perform(shop, Failing("page"))
        assert budget.available == 0.25

        with pytest.raises(ValueError, match="run 1"):
            form.perform(shop, Failing(ValueError))
        assert budget.available == 0.5

        form.perform(shop, Failing("page"))
        form.perform(shop, Failing(OSError, "page"))
        assert budget.available == 0


@pytest.mark.parametrize("listeners", LISTENERS)
@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_decorated_function_earns_from_its_first_call_on(listeners: str, calls: int) -> None:
    budget = spent(ratio=0.25, capacity=100)

    @policy(budget)
    def fetch() -> None:
        """Nothing."""

    with retold.configure(exporters=LISTENERS[listeners]()):
        for _ in range(calls):
            fetch()
    fetch()

    assert budget.available == 0.25 * (calls + 1)


@pytest.mark.parametrize("listeners", LISTENERS)
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_calls_spend_what_there_is_and_then_give_up(form: Form, options: str, listeners: str) -> None:
    budget = Budget("shop", ratio=0, capacity=3)
    shop = policy(budget, **OPTIONS[options])

    with retold.configure(exporters=LISTENERS[listeners]()):
        works = [Failing(OSError) for _ in range(4)]
        errors = []
        for work in works:
            with pytest.raises(OSError, match="run") as caught:
                form.perform(shop, work)
            errors.append(caught.value)

    assert [work.runs for work in works] == [3, 2, 1, 1]
    assert [error.__notes__ for error in errors] == [
        ["retold: shop.fetch: attempts_exhausted after 3 attempts"],
        ["retold: shop.fetch: budget_exhausted after 2 attempts"],
        ["retold: shop.fetch: budget_exhausted after 1 attempt"],
        ["retold: shop.fetch: budget_exhausted after 1 attempt"],
    ]


@pytest.mark.parametrize("form", FUNCTIONS, ids=str)
def test_a_call_that_is_denied_a_retry_is_served_the_fallback(form: Form) -> None:
    assert form.perform(policy(spent(), fallback=lambda error: "old page"), Failing(OSError)) == "old page"


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_rejected_result_takes_a_retry_too(form: Form) -> None:
    budget = Budget("shop", ratio=0, capacity=1)
    work = Failing("")

    with pytest.raises(retold.RejectedResult):
        form.perform(policy(budget, on_result=lambda page: page == ""), work)

    assert (work.runs, budget.available) == (2, 0)


def test_a_report_says_what_the_call_ran_out_of() -> None:
    report = policy(spent()).run(Failing(OSError))

    assert (report.outcome, report.attempts) == (Outcome.BUDGET_EXHAUSTED, 1)


@pytest.mark.parametrize("form", LIMITING_FORMS, ids=str)
async def test_an_attempt_cut_at_the_deadline_takes_nothing(form: Form, seen: MemoryExporter) -> None:
    """By the policy's clock, which stands, there would be time for another."""
    budget, clock = Budget("shop", ratio=0, capacity=2), ManualClock()
    runs: list[None] = []

    async def work() -> None:
        runs.append(None)
        if len(runs) == 1:
            clock.advance(0.01)
            raise OSError
        await asyncio.Event().wait()

    with pytest.raises(retold.AttemptTimeout):
        await form.awaiting(policy(budget, clock=clock, timeout=0.02, attempt_timeout=0.02), work)

    assert seen.last.outcome is Outcome.DEADLINE_EXCEEDED
    assert (len(runs), budget.available) == (2, 1)


@pytest.mark.parametrize("mode", ["restart", "open"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_generator_earns_and_spends(mode: Any, kind: str) -> None:
    budget = spent(ratio=0.5, capacity=100)
    shop = policy(budget, generator=mode)

    for _ in range(2):
        iteration = Iteration(shop(Runs([1]).function(kind))())
        iteration.send()
        iteration.close()
    assert budget.available == 1
    iteration = Iteration(shop(Runs([OSError()], [OSError()], [1]).function(kind))())
    with pytest.raises(OSError):
        iteration.send()

    assert budget.available == 0.5


def test_policies_and_operations_share_it() -> None:
    budget = Budget("shop", ratio=0, capacity=3)
    fetch, order = policy(budget), policy(budget, operation="shop.order", attempts=5)

    assert fetch.run(Failing(OSError)).attempts == 3
    assert order.run(Failing(OSError)).attempts == 2
    assert fetch.run(Failing(OSError)).attempts == 1


def test_time_gives_retries_back(clock: ManualClock) -> None:
    budget = Budget("shop", ratio=0, min_per_second=0.1, capacity=1)
    shop = policy(budget, clock=clock)

    outcomes = []
    for seconds in (0, 9, 1, 0):
        clock.advance(seconds)
        outcomes.append(shop.run(Failing(OSError, "page")).outcome.value)

    assert outcomes == ["success", "budget_exhausted", "success", "budget_exhausted"]


def test_calls_that_make_one_attempt_take_nothing() -> None:
    budget = Budget("shop", ratio=0, capacity=1)

    with disabled():
        assert policy(budget).run(Failing(OSError)).outcome is Outcome.ATTEMPTS_EXHAUSTED

    assert budget.available == 1


def test_time_that_a_test_skips_is_not_kept() -> None:
    budget = Budget("shop", ratio=0, min_per_second=0.001, capacity=10)
    shop = Policy(on=OSError, backoff=3600, budget=budget, operation="shop.fetch")
    with instant():
        assert shop.run(Failing(OSError)).outcome is Outcome.ATTEMPTS_EXHAUSTED
    left = budget.available

    Policy(on=OSError, backoff=0, attempts=2, budget=budget).run(Failing(OSError))

    assert budget.available == pytest.approx(left - 1, abs=0.1)


def denials(name: str = "shop") -> float:
    value = JOURNAL.collect()[telemetry.BUDGET_DENIALS][name,]
    assert isinstance(value, int)
    return value


@given(
    calls=st.lists(st.tuples(st.integers(0, 4), st.integers(0, len(FORMS) - 1)), max_size=25),
    ratio=st.integers(0, 4),
    capacity=st.integers(1, 5),
)
def test_what_is_spent_is_what_was_retried_and_denials_are_calls(
    calls: list[tuple[int, int]], ratio: int, capacity: int
) -> None:
    JOURNAL.forget()
    budget, memory = Budget("shop", ratio=ratio / 4, capacity=capacity), MemoryExporter()
    left, granted = float(capacity), 0
    with retold.configure(exporters=[Prometheus(CollectorRegistry()), memory]):
        shop = policy(budget, attempts=4)
        for failures, form in calls:
            work = Failing(*[OSError] * failures, "page")
            with contextlib.suppress(OSError):
                FORMS[form].perform(shop, work)
            left = min(left + ratio / 4, capacity)
            wanted = min(failures, 3)
            assert work.runs - 1 == min(wanted, int(left))
            left, granted = left - (work.runs - 1), granted + work.runs - 1
            assert budget.available == left

        ended = [call.outcome for call in memory.calls]
        assert denials() == ended.count(Outcome.BUDGET_EXHAUSTED)
        assert granted <= capacity + len(calls) * ratio / 4


def test_under_threads_it_is_exact() -> None:
    threads, rounds = 100, 30
    budget, memory, together = Budget("shop", ratio=0, capacity=700), MemoryExporter(), Barrier(threads)

    with retold.configure(exporters=[Prometheus(CollectorRegistry()), memory]):
        shops = [policy(budget, operation=f"shop.{number}") for number in range(10)]

        def work(number: int) -> int:
            together.wait()
            reports = [shops[number % 10].run(Failing(OSError)) for _ in range(rounds)]
            return sum(report.attempts - 1 for report in reports)

        with ThreadPoolExecutor(threads) as pool:
            retries = sum(pool.map(work, range(threads)))

        assert (retries, budget.available) == (700, 0)
        outcomes = [call.outcome for call in memory.calls]
        assert denials() == outcomes.count(Outcome.BUDGET_EXHAUSTED) > 0
        assert len(outcomes) == threads * rounds

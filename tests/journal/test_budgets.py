"""What the journal has to tell of budgets."""

import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Budget, Outcome, Policy, telemetry
from retold.core.bucket import Bucket
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL, Follower, Journal, Labels
from retold.telemetry import Metric
from retold.testing import ManualClock
from tests.budgets import spent
from tests.forms import Failing

GAUGES = (telemetry.BUDGET_AVAILABLE, telemetry.BUDGET_CAPACITY, telemetry.BUDGET_DEGRADED)


def known(*budgets: Budget) -> list[Policy[None]]:
    clock = ManualClock()
    return [
        Policy(on=OSError, backoff=0, operation="shop.fetch", clock=clock, budget=each, fallback=None)
        for each in budgets
    ]


def gauges(label: str = "shop") -> tuple[object, ...]:
    totals = JOURNAL.collect()
    return tuple(totals[metric].get((label,)) for metric in GAUGES)


def denials(label: str = "shop") -> object:
    return JOURNAL.collect()[telemetry.BUDGET_DENIALS].get((label,))


def test_a_budget_is_known_as_soon_as_a_policy_has_it() -> None:
    budget = Budget("shop", capacity=7)
    assert (gauges(), denials()) == ((None, None, None), None)

    policies = known(budget)

    assert (gauges(), denials()) == ((7.0, 7.0, 0), 0)
    del policies


@pytest.mark.parametrize(("left", "degraded"), [(1, 0), (0, 1)])
def test_it_is_degraded_while_it_would_deny_the_next_retry(left: int, degraded: int) -> None:
    budget = spent("shop", capacity=2)
    budget.bucket.restart()
    for _ in range(2 - left):
        budget.bucket.spend(lambda: 0.0)
    policies = known(budget)

    assert gauges() == (left, 2.0, degraded)
    del policies


def test_denials_are_counted_where_calls_are() -> None:
    [policy] = known(spent("shop"))

    policy.call(Failing(OSError))
    assert denials() == 0
    with retold.configure(exporters=[Prometheus(CollectorRegistry())]):
        policy.call(Failing(OSError))
        policy.call(Failing("page"))

    assert denials() == 1


def test_budgets_of_one_name_add_up() -> None:
    policies = known(spent("shop", capacity=3), Budget("shop", capacity=5))

    assert gauges() == (5.0, 8.0, 1)
    del policies


def test_of_a_budget_that_nobody_has_any_more_only_denials_are_left() -> None:
    [policy] = known(spent("shop"))
    with retold.configure(exporters=[Prometheus(CollectorRegistry())]):
        policy.call(Failing(OSError))

    del policy
    gc.collect()

    assert (gauges(), denials()) == ((None, None, None), 1)


def test_beyond_the_limit_budgets_go_together() -> None:
    budgets = [spent(f"shop.{number}") for number in range(telemetry.MAX_BUDGETS + 2)]
    policies = known(*budgets)

    with retold.configure(exporters=[Prometheus(CollectorRegistry())]):
        for policy in policies:
            policy.call(Failing(OSError))

    assert denials("shop.31") == 1
    assert denials("shop.32") is None
    assert denials(telemetry.OTHER) == 2
    assert gauges(telemetry.OTHER) == (0.0, 2.0, 1)


def test_an_immediate_follower_hears_of_a_budget_whenever_a_call_ends() -> None:
    told: list[tuple[str, float]] = []

    class Immediate(Follower):
        immediate = True

        def counted(self, metric: Metric, labels: Labels, count: int) -> None:
            if metric is telemetry.BUDGET_DENIALS:
                told.append(("denials", count))

        def stands(self, metric: Metric, labels: Labels, value: float) -> None:
            if metric in GAUGES:
                told.append((metric.name.rpartition(".")[2], value))

    journal, bucket = Journal(), Bucket(0.5, 0, 1)
    journal.follow(Immediate())
    page = journal.page("shop.fetch")
    journal.register_budget("shop", bucket)
    assert told == [("denials", 0), ("available", 1), ("capacity", 1), ("degraded", 0)]

    told.clear()
    page.call_began()
    page.succeeded_at_once(0.5)
    assert told == []  # it is as full as before

    assert bucket.spend(lambda: 0.0)
    page.call_began()
    assert told == [("available", 0), ("degraded", 1)]
    page.call_ended(Outcome.BUDGET_EXHAUSTED, 1, 0.5, False, journal.budget_label("shop"))
    assert told[2:] == [("denials", 1)]

    bucket.earn()
    page.succeeded_at_once(0.5)
    assert told[3:] == [("available", 0.5)]


def test_who_follows_later_hears_how_a_budget_stands_then_and_what_changes() -> None:
    stands: dict[str, float] = {}

    class Immediate(Follower):
        immediate = True

        def stands(self, metric: Metric, labels: Labels, value: float) -> None:
            if metric in GAUGES:
                stands[metric.name.rpartition(".")[2]] = value

    journal, bucket = Journal(), Bucket(0.5, 0, 1)
    journal.register_budget("shop", bucket)
    assert bucket.spend(lambda: 0.0)

    journal.follow(Immediate())
    assert stands == {"available": 0, "capacity": 1, "degraded": 1}

    bucket.earn()
    bucket.earn()
    journal.page("shop.fetch").call_began()
    assert stands == {"available": 1, "capacity": 1, "degraded": 0}

    assert bucket.spend(lambda: 0.0)
    journal.page("shop.fetch").call_began()
    assert stands == {"available": 0, "capacity": 1, "degraded": 1}
    del bucket
    journal.page("shop.fetch").call_began()
    assert stands["degraded"] == 0  # nobody has it any more, so it denies nothing


def test_while_budgets_are_read_others_may_come_and_go() -> None:
    """As where the garbage collector or a signal handler runs code that makes a policy."""
    journal = Journal()

    class Stock(Bucket):
        @property
        def available(self) -> float:
            while meanwhile:
                meanwhile.pop()()
            return 0.5

    meanwhile: list[Callable[[], object]] = []
    stock, coming, going = Stock(0.5, 0, 1), Bucket(0.5, 0, 1), [Bucket(0.5, 0, 1)]
    journal.register_budget("shop", stock)
    journal.register_budget("shop.old", going[0])

    meanwhile += [lambda: journal.register_budget("shop.new", coming), going.clear]
    assert journal.collect()[telemetry.BUDGET_AVAILABLE] == {("shop",): 0.5}
    assert journal.collect()[telemetry.BUDGET_AVAILABLE] == {("shop",): 0.5, ("shop.new",): 1}


def test_a_call_that_is_denied_a_retry_waits_for_no_reader() -> None:
    budget = spent("shop")
    with retold.configure(exporters=[Prometheus(CollectorRegistry())]):
        [policy] = known(budget)
        policy.call(Failing(OSError))

        def work() -> None:
            policy.call(Failing(OSError))
            Policy(on=OSError, budget=budget)

        with ThreadPoolExecutor(1) as pool:
            with JOURNAL._lock:
                pool.submit(work).result(timeout=30)

        assert denials() == 2


def test_denials_are_calls_at_every_reading() -> None:
    [policy] = known(spent("shop"))
    with retold.configure(exporters=[Prometheus(CollectorRegistry())]), ThreadPoolExecutor(2) as pool:
        calling = [pool.submit(lambda: [policy.call(Failing(OSError)) for _ in range(500)]) for _ in range(2)]
        while not all(each.done() for each in calling):
            assert_denials_are_calls()
        assert_denials_are_calls()

    assert denials() == 1000


def assert_denials_are_calls() -> None:
    totals = JOURNAL.collect()
    ended = totals[telemetry.GIVE_UPS]["shop.fetch", Outcome.BUDGET_EXHAUSTED]
    assert totals[telemetry.BUDGET_DENIALS]["shop",] == ended

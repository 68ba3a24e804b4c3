"""A forked child starts from zero, with locks of its own."""

import json
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Budget, Policy
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL
from retold.runners import audience
from retold.testing import ManualClock
from tests.forms import Failing
from tests.readings import scraped_from

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
    # Python warns of a fork beside other threads; these tests are about just that.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]


def in_child(work: Callable[[], Any]) -> Any:
    """What `work` returns in a forked child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        signal.alarm(30)  # a child that hangs must not hang the tests
        try:
            os.write(writer, json.dumps(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return json.loads(answer)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def numbers(registry: CollectorRegistry) -> dict[str, float]:
    """The numbers that are not 0, with flat names."""
    return {" ".join(key): value for key, value in scraped_from(registry).items()}


def policy() -> Policy[None]:
    return Policy(on=OSError, backoff=2, operation="shop.fetch", clock=ManualClock(), fallback=None)


def test_a_child_counts_what_happens_in_it_and_nothing_else(registry: CollectorRegistry) -> None:
    with retold.configure(exporters=[Prometheus(registry)]):
        policy().call(Failing(OSError))
        before = numbers(registry)

        def work() -> list[dict[str, float]]:
            at_birth = numbers(registry)
            policy().call(Failing("page"))
            return [at_birth, numbers(registry)]

        at_birth, later = in_child(work)

    limit = {"retold.policy.max_attempts shop.fetch": 3}
    assert at_birth == limit
    assert {key: value for key, value in later.items() if "duration sum" not in key} == {
        **limit,
        "retold.calls shop.fetch success false": 1,
        "retold.call.duration count shop.fetch success": 1,
        "retold.call.attempts count shop.fetch success": 1,
        "retold.call.attempts sum shop.fetch success": 1,
        "retold.attempts shop.fetch success": 1,
        "retold.attempt.duration count shop.fetch success": 1,
    }
    assert numbers(registry) == before


def test_the_counters_of_a_child_exist_at_0(registry: CollectorRegistry) -> None:
    with retold.configure(exporters=[Prometheus(registry)]):
        policy().call(Failing(OSError))

        born = in_child(lambda: registry.get_sample_value("retold_fallbacks_total", {"retold_operation": "shop.fetch"}))

    assert born == 0


def test_what_was_written_and_not_yet_read_is_the_parent_s(registry: CollectorRegistry) -> None:
    with retold.configure(exporters=[Prometheus(registry)]):
        policy().call(Failing("page"))

        in_the_child = in_child(lambda: numbers(registry))

    assert not any("calls" in key for key in in_the_child)
    assert numbers(registry)["retold.calls shop.fetch success false"] == 1


def test_a_call_that_runs_while_its_thread_forks_is_counted_where_it_ends(registry: CollectorRegistry) -> None:
    """As a program does that becomes a daemon in a retried function."""
    forked: list[int] = []

    def become_a_daemon() -> None:
        forked.append(os.fork())

    with retold.configure(exporters=[Prometheus(registry)]):
        reader, writer = os.pipe()
        Policy(on=OSError, operation="outer", clock=ManualClock()).call(become_a_daemon)
        if forked[0] == 0:
            try:
                os.write(writer, json.dumps(numbers(registry)).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            in_the_child = json.loads(pipe.read())
        os.waitpid(forked[0], 0)

    for told in (in_the_child, numbers(registry)):
        assert told["retold.calls outer success false"] == 1
        assert "retold.call.active outer" not in told


def test_a_wait_that_began_before_the_fork_leaves_nobody_asleep() -> None:
    page = JOURNAL.page("shop.fetch")
    page.call_began()
    page.wait_began()
    JOURNAL.collect()

    def work() -> list[Any]:
        page.wait_ended(2.0)
        page.call_ended(retold.Outcome.SUCCESS, 2, 2.0, False)
        totals = JOURNAL.collect()
        return [
            value
            for metric, series in totals.items()
            if metric.name in ("retold.call.active", "retold.call.waiting")
            for value in series.values()
        ]

    assert in_child(work) == [0, 0]


def test_locks_that_other_threads_hold_do_not_stop_a_child(registry: CollectorRegistry) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with JOURNAL._lock, audience.CHANGING:
            held.set()
            release.wait()

    with retold.configure(exporters=[Prometheus(registry), "logging"]):
        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()

        def work() -> dict[str, float]:
            retold.configure(exporters=[Prometheus(registry), "logging"])
            policy().call(Failing(OSError))
            return numbers(registry)

        try:
            told = in_child(work)
        finally:
            release.set()
            holder.join()

    assert told["retold.fallbacks shop.fetch"] == 1


def test_a_child_begins_with_a_full_budget_of_which_nobody_holds_the_lock(registry: CollectorRegistry) -> None:
    budget, held, done = Budget("shop", ratio=0, capacity=2), threading.Event(), threading.Event()
    policy = Policy(on=OSError, backoff=0, operation="shop.fetch", clock=ManualClock(), fallback=None, budget=budget)

    def hold() -> None:
        with budget.bucket._lock:
            held.set()
            done.wait(30)

    def work() -> list[Any]:
        available = budget.available
        policy.call(Failing(OSError))
        policy.call(Failing(OSError))
        denials = registry.get_sample_value("retold_budget_denials_total", {"retold_budget": "shop"})
        return [available, budget.available, denials]

    with retold.configure(exporters=[Prometheus(registry)]):
        policy.call(Failing(OSError))
        policy.call(Failing(OSError))
        holder = threading.Thread(target=hold)
        holder.start()
        held.wait(30)
        try:
            in_the_child = in_child(work)
        finally:
            done.set()
            holder.join()

    assert in_the_child == [2, 0, 1]
    assert registry.get_sample_value("retold_budget_denials_total", {"retold_budget": "shop"}) == 1

"""Prometheus's multiprocess mode: real processes write, and another one adds up their files."""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from retold import telemetry
from tests import subprocesses
from tests.readings import Numbers, scraped_from, sum_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

SHOP = """
import os, signal, sys, threading
import retold
from prometheus_client import CollectorRegistry
from retold.exporters.prometheus import Prometheus

def configure():
    retold.configure(exporters=[Prometheus()])

@retold.retry(on=OSError, attempts=3, backoff=0, operation="shop.fetch", fallback=None)
def fetch(turns):
    if next(turns):
        raise OSError

@retold.retry(on=OSError, attempts=2, backoff=0, operation="shop.pay")
def pay():
    return "paid"

def work(rounds):
    for _ in range(rounds):
        fetch(iter([False]))
        fetch(iter([True, False]))
        fetch(iter([True, True, True]))
        pay()

def fork(work):
    child = os.fork()
    if child == 0:
        status = 1
        signal.alarm(30)
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child

def wait_for(child):
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
"""


def run(directory: Path, script: str) -> subprocesses.Done:
    return subprocesses.run(
        dedent(SHOP) + dedent(script),
        env={"PROMETHEUS_MULTIPROC_DIR": str(directory), "RETOLD_EXPORTERS": "none"},
        flags=("-W", "error", "-W", "ignore:.*multi-threaded, use of fork:DeprecationWarning"),
    )


def summed(directory: Path) -> Numbers:
    """What a scrape gives that merges the files of all processes."""
    return scraped_from(merged(directory))


def merged(directory: Path) -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(directory))  # type: ignore[no-untyped-call]
    return registry


def assert_rounds(numbers: Numbers, rounds: int) -> None:
    """The numbers are exactly those of so many rounds of work."""
    wanted = {
        ("retold.calls", "shop.fetch", "success", "false"): rounds,
        ("retold.calls", "shop.fetch", "success", "true"): rounds,
        ("retold.calls", "shop.fetch", "attempts_exhausted", "true"): rounds,
        ("retold.calls", "shop.pay", "success", "false"): rounds,
        ("retold.give_ups", "shop.fetch", "attempts_exhausted"): rounds,
        ("retold.fallbacks", "shop.fetch"): rounds,
        ("retold.attempts", "shop.fetch", "success"): 2 * rounds,
        ("retold.attempts", "shop.fetch", "error"): 4 * rounds,
        ("retold.attempts", "shop.pay", "success"): rounds,
        ("retold.attempt.failures", "shop.fetch", "OSError"): 4 * rounds,
        ("retold.call.duration count", "shop.fetch", "success"): 2 * rounds,
        ("retold.call.duration count", "shop.fetch", "attempts_exhausted"): rounds,
        ("retold.call.duration count", "shop.pay", "success"): rounds,
        ("retold.call.attempts count", "shop.fetch", "success"): 2 * rounds,
        ("retold.call.attempts count", "shop.fetch", "attempts_exhausted"): rounds,
        ("retold.call.attempts count", "shop.pay", "success"): rounds,
        ("retold.call.attempts sum", "shop.fetch", "success"): 3 * rounds,
        ("retold.call.attempts sum", "shop.fetch", "attempts_exhausted"): 3 * rounds,
        ("retold.call.attempts sum", "shop.pay", "success"): rounds,
        ("retold.attempt.duration count", "shop.fetch", "success"): 2 * rounds,
        ("retold.attempt.duration count", "shop.fetch", "error"): 4 * rounds,
        ("retold.attempt.duration count", "shop.pay", "success"): rounds,
        ("retold.retry.delay count", "shop.fetch"): 3 * rounds,
        ("retold.policy.max_attempts", "shop.fetch"): 3,
        ("retold.policy.max_attempts", "shop.pay"): 2,
    }
    assert {key: value for key, value in numbers.items() if "duration sum" not in key[0]} == wanted


@pytest.mark.parametrize("first", ["configure", "fork"])
def test_the_numbers_of_four_workers_add_up(tmp_path: Path, first: str) -> None:
    """Whether the server loads the application before it forks, or each worker does."""
    run(
        tmp_path,
        f"""
        if {first!r} == "configure":
            configure()
            work(5)
        children = [fork(lambda: (configure(), work(25))) for _ in range(4)]
        for child in children:
            wait_for(child)
        """,
    )

    assert_rounds(summed(tmp_path), 105 if first == "configure" else 100)


def test_threads_of_a_process_that_is_killed_lose_nothing_that_has_ended(tmp_path: Path) -> None:
    child = """
        def threads():
            configure()
            sys.setswitchinterval(1e-4)
            running = [threading.Thread(target=work, args=(50,)) for _ in range(8)]
            for each in running:
                each.start()
            for each in running:
                each.join()
            os.kill(os.getpid(), signal.SIGKILL)

        _, status = os.waitpid(fork(threads), 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        """
    run(tmp_path, child)

    assert_rounds(summed(tmp_path), 400)


def test_a_worker_that_is_killed_leaves_its_counts_and_takes_its_gauges_along(tmp_path: Path) -> None:
    asleep = """
        configure()
        work(10)
        def patiently(failed):
            print("about to sleep", flush=True)
            return 60
        retold.Policy(on=OSError, attempts=2, backoff=patiently, operation="shop.wait").call(os.rmdir, "/nowhere")
        """
    script = dedent(SHOP) + dedent(asleep)
    worker = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
    )
    assert worker.stdout is not None
    try:
        assert worker.stdout.readline() == b"about to sleep\n"
        while sum_of(summed(tmp_path), "retold.call.waiting") == 0:
            assert worker.poll() is None
        alive = summed(tmp_path)
    finally:
        worker.kill()
        worker.communicate()
    killed = summed(tmp_path)

    mark_process_dead(worker.pid, path=str(tmp_path))  # type: ignore[no-untyped-call]

    marked = summed(tmp_path)
    gauges = ("retold.call.active", "retold.call.waiting")
    assert [alive[name, "shop.wait"] for name in gauges] == [killed[name, "shop.wait"] for name in gauges] == [1, 1]
    assert [sum_of(marked, name) for name in gauges] == [0, 0]
    assert sum_of(marked, "retold.calls") == sum_of(alive, "retold.calls") == 40
    assert marked["retold.attempts", "shop.wait", "error"] == 1


def test_counters_are_at_0_before_the_first_call(tmp_path: Path) -> None:
    run(tmp_path, "configure()")

    samples = [sample for family in merged(tmp_path).collect() for sample in family.samples]

    mine = [sample for sample in samples if sample.labels.get("retold_operation") == "shop.fetch"]
    assert {sample.name: sample.value for sample in mine} == {
        "retold_calls_total": 0,
        "retold_attempts_total": 0,
        "retold_nested_retries_total": 0,
        "retold_give_ups_total": 0,
        "retold_fallbacks_total": 0,
        "retold_call_active": 0,
        "retold_call_waiting": 0,
        "retold_policy_max_attempts": 3,
    }
    assert sum(sample.name == "retold_calls_total" for sample in mine) == 16
    others = {sample.name: sample.value for sample in samples if "retold_operation" not in sample.labels}
    assert others == {"retold_exporter_failures_total": 0, "retold_label_overflows_total": 0}


def test_nested_retries_of_several_processes_add_up(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        import warnings
        warnings.simplefilter("ignore", retold.NestedRetryWarning)
        configure()

        @retold.retry(on=OSError, operation="shop.order")
        def order():
            fetch(iter([True, False]))

        order()
        wait_for(fork(lambda: [order(), order()]))
        """,
    )

    numbers = summed(tmp_path)
    assert sum_of(numbers, "retold.nested_retries", "shop.fetch") == 3
    assert sum_of(numbers, "retold.nested_retries", "shop.order") == 0


def test_every_metric_has_the_labels_and_buckets_of_the_contract(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        configure()
        work(1)
        policy = retold.Policy(on=OSError, budget=retold.Budget("shop"))
        """,
    )

    families = {family.name: family for family in merged(tmp_path).collect()}

    assert set(families) == {metric.prometheus_name for metric in telemetry.METRICS}
    for metric in telemetry.METRICS:
        family = families[metric.prometheus_name]
        assert (family.type, family.documentation) == (metric.kind, metric.help)
        keys = {frozenset(sample.labels) - {"le"} for sample in family.samples}
        assert keys == {frozenset(telemetry.label_name(key) for key in metric.keys)}
        bounds = {float(sample.labels["le"]) for sample in family.samples if "le" in sample.labels}
        assert bounds == ({*metric.buckets, float("inf")} if metric.buckets else set())


def test_what_counts_labels_and_failures_is_in_the_files_too(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        class Broken(retold.Exporter):
            name = "broken"
            def call_ended(self, state, event):
                raise RuntimeError

        retold.configure(exporters=[Prometheus(), Broken()])
        pay()
        for number in range(120):
            retold.Policy(on=OSError, operation=f"shop.{number}").call(str)
        for number in range(17):
            error = type(f"Error{number}", (OSError,), {})
            try:
                retold.Policy(on=OSError, attempts=1, operation="shop.fetch").call(int, "no")
            except ValueError:
                pass
            def fails():
                raise error
            try:
                retold.Policy(on=OSError, attempts=1, operation="shop.pay").call(fails)
            except OSError:
                pass
        """,
    )

    numbers = summed(tmp_path)

    assert numbers["retold.label.overflows", "error.type"] == 2
    assert numbers["retold.attempt.failures", "shop.pay", "_OTHER"] == 2
    assert numbers["retold.label.overflows", "retold.operation"] == sum_of(numbers, "retold.calls", "_OTHER") > 20
    assert numbers["retold.exporter.failures", "broken"] == sum_of(numbers, "retold.calls")


def test_it_can_be_built_twice_for_any_registry_and_is_in_none(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """
        from prometheus_client import REGISTRY, generate_latest
        registries = [REGISTRY, CollectorRegistry(), REGISTRY]
        made = [Prometheus(registry) for registry in registries]
        retold.configure(exporters=made)
        work(3)
        made[1].close()
        retold.configure(exporters=["prometheus"])
        work(4)
        print([b"retold" in generate_latest(registry) for registry in registries])
        """,
    )

    assert done.lines == ["[False, False, False]"]
    assert_rounds(summed(tmp_path), 7)


def test_calls_go_on_where_files_cannot_be_written_and_it_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    done = run(
        tmp_path / "files",
        """
        import logging, shutil
        logging.basicConfig(format="%(message)s")
        configure()
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        work(2)
        print("done")
        """,
    )

    assert done.lines == ["done"]
    assert done.err.splitlines() == ["retold.exporter.failed"]


def test_the_recipe_of_the_docs_works(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs/how-to/prometheus-multiprocess.md").read_text(encoding="utf-8")
    endpoint, server = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    done = run(
        tmp_path,
        f"""
        from types import SimpleNamespace
        exec({endpoint!r})
        exec({server!r})

        def crash():
            retold.Policy(on=OSError, operation="shop.crash").call(lambda: os._exit(0))

        configure()
        child = fork(crash)
        wait_for(child)
        def active():
            lines = metrics().decode().splitlines()
            return [line.split()[-1] for line in lines if "active{{" in line and "crash" in line]
        before = active()
        child_exit(None, SimpleNamespace(pid=child))
        print(before, active())
        """,
    )

    assert done.lines == ["['1.0'] []"]


def test_of_a_budget_the_process_speaks_that_has_the_least_left(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        from retold.testing import ManualClock

        configure()
        budget = retold.Budget("shop", ratio=0.5, min_per_second=0, capacity=4)
        order = retold.Policy(
            on=OSError, backoff=0, operation="shop.order", budget=budget, fallback=None, clock=ManualClock()
        )

        def fail():
            raise OSError

        def use_up():
            for _ in range(5):
                order.call(fail)

        wait_for(fork(use_up))
        wait_for(fork(lambda: order.call(fail)))
        order.call(str)
        """,
    )

    registry = merged(tmp_path)
    assert [
        registry.get_sample_value(f"retold_budget_{name}", {"retold_budget": "shop"})
        for name in ("available", "capacity", "degraded", "denials_total")
    ] == [0.0, 4.0, 1.0, 3.0]

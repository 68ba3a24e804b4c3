"""Forks beside threads that call and collect, in a process of their own."""

from __future__ import annotations

import threading

from prometheus_client import CollectorRegistry

import retold
from retold import Policy
from retold.exporters.prometheus import Prometheus
from tests.forms import Failing
from tests.journal.test_fork import in_child
from tests.readings import scraped_from


def fork_beside_calls() -> None:
    """Print what ten children count before and after three calls, and what is counted here."""
    registry, stop = CollectorRegistry(), threading.Event()
    policy = Policy(on=OSError, backoff=0, operation="shop.fetch")

    def hammer() -> None:
        while not stop.is_set():
            policy.call(Failing(OSError, "page"))
            registry.collect()

    def work() -> list[dict[str, float]]:
        at_birth = _calls(registry)
        for _ in range(3):
            policy.call(Failing(OSError, "page"))
        return [at_birth, _calls(registry)]

    with retold.configure(exporters=[Prometheus(registry), "logging"]):
        threads = [threading.Thread(target=hammer) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                print(in_child(work))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        print(list(_calls(registry)))


def _calls(registry: CollectorRegistry) -> dict[str, float]:
    return {" ".join(key): value for key, value in scraped_from(registry).items() if key[0] == "retold.calls"}

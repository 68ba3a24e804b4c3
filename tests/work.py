"""Work for other processes, which import it by its name."""

import os

from prometheus_client import CollectorRegistry

import retold
from retold.exporters.prometheus import Prometheus
from tests.readings import scraped_from


@retold.retry(on=OSError, backoff=0, attempts=2, operation="shop.fetch")
def fetch(times: list[str]) -> str:
    """Fail as often as there are times left."""
    if times:
        raise OSError(times.pop())
    return "page"


def calls_of_one_process(count: int) -> tuple[int, dict[str, float]]:
    """Make calls that each succeed at their second attempt; the process and its numbers, with flat names."""
    registry = CollectorRegistry()
    with retold.configure(exporters=[Prometheus(registry)]):
        for _ in range(count):
            fetch(["down"])
        numbers = {" ".join(key): value for key, value in scraped_from(registry).items() if " sum" not in key[0]}
    return os.getpid(), numbers

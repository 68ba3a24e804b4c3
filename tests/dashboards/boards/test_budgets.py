"""The panels on budgets, asked of a real Prometheus, show what the budgets of two real processes say of themselves."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

import pytest

from retold.dashboards.boards import all_boards
from retold.dashboards.options import Options
from retold.dashboards.variables import filled
from tests.services.prometheus import PrometheusServer

PANELS = {panel.title: panel for panel in all_boards(Options())["overview"].panels}
LEFT, DENIED, WITHOUT = (
    "Left in each budget, of the process that has least",
    "Retries denied",
    "Processes without a retry left",
)
WINDOW = 60
"""Seconds that rates look back: longer than the test."""

SHOP = """
import sys
from prometheus_client import CollectorRegistry, start_http_server
import retold
from retold.exporters.prometheus import Prometheus

registry = CollectorRegistry()
retold.configure(exporters=[Prometheus(registry)])
budget = retold.Budget("bank", ratio=0.25, min_per_second=0, capacity=4)
policy = retold.Policy(on=OSError, attempts=2, backoff=0, budget=budget, operation="pay")

def pay(bank_is_up):
    if not bank_is_up:
        raise ConnectionError

server, _ = start_http_server(0, "127.0.0.1", registry)
print(server.server_port, flush=True)
for line in sys.stdin:
    how_often, bank_is_up = map(int, line.split())
    reports = [policy.run(pay, bank_is_up) for _ in range(how_often)]
    denied = sum(report.outcome is retold.Outcome.BUDGET_EXHAUSTED for report in reports)
    print(budget.available, budget.capacity, denied, flush=True)
"""
"""Makes as many calls as it is told, and says what is left of its budget then, and how many it denied a retry."""


@dataclass
class Shop:
    """Such a process, and what its budget has said."""

    process: subprocess.Popen[str]
    port: int
    left: float = 4
    capacity: float = 4
    denied: int = 0

    @classmethod
    def started(cls, at_end: ExitStack) -> Self:
        command = [sys.executable, "-c", SHOP]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        at_end.callback(process.communicate)  # the end of its stdin is its end
        return cls(process, int(_line(process)))

    @property
    def series(self) -> str:
        """A selector of its own, to be put behind a name."""
        return f'{{instance="127.0.0.1:{self.port}"}}'

    def calls(self, how_often: int, *, bank_is_up: bool) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{how_often} {bank_is_up:d}\n")
        self.process.stdin.flush()
        left, capacity, denied = _line(self.process).split()
        self.left, self.capacity, self.denied = float(left), float(capacity), self.denied + int(denied)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


class Fleet:
    """Two shops, and a Prometheus that scrapes both."""

    def __init__(self, shops: list[Shop], server: PrometheusServer) -> None:
        self.shops = shops
        self._server = server

    def answers(self) -> dict[str, float]:
        """What the panels show at the moment of a scrape before which all became known that the budgets said."""
        for shop in self.shops:
            self._server.wait_until(f"retold_budget_available{shop.series} == {shop.left}", bool)
            self._server.wait_until(f"retold_budget_denials_total{shop.series} == {shop.denied}", bool)
        # A rate is exact where its last sample is, which is to be one of the shop that denies.
        denials = f"retold_budget_denials_total{self.shops[0].series}"
        now = self._server.wait_until(f"timestamp({denials}) > {time.time():.3f}", bool)[0].value
        return {title: self._answer(title, now) for title in (LEFT, DENIED, WITHOUT)}

    def _answer(self, title: str, now: float) -> float:
        [target] = PANELS[title].targets
        [sample] = self._server.query(filled(target.expression, rate_interval=WINDOW), at=now)
        assert sample.labels == {"retold_budget": "bank"}
        return sample.value

    def said(self) -> dict[str, float]:
        """The same, as the budgets say."""
        return {
            LEFT: min(shop.left / shop.capacity for shop in self.shops),
            DENIED: sum(shop.denied for shop in self.shops) / WINDOW,
            WITHOUT: sum(shop.left < 1 for shop in self.shops),
        }


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with ExitStack() as at_end:
        shops = [Shop.started(at_end), Shop.started(at_end)]
        server = at_end.enter_context(PrometheusServer([f"127.0.0.1:{shop.port}" for shop in shops]))
        server.wait_until("count(retold_budget_capacity)", lambda found: [each.value for each in found] == [2])
        yield Fleet(shops, server)


def test_panels_show_a_budget_that_is_full_used_up_and_filled_again(fleet: Fleet) -> None:
    one, other = fleet.shops
    assert fleet.answers() == pytest.approx(fleet.said())

    one.calls(21, bank_is_up=False)
    other.calls(2, bank_is_up=False)
    assert (one.left, one.denied, other.left) == (0, 12, 2.25)
    assert fleet.answers() == pytest.approx(fleet.said())

    one.calls(6, bank_is_up=True)
    assert one.left == 1.5
    assert fleet.answers() == pytest.approx(fleet.said())

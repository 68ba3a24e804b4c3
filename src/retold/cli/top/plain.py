"""The view where there is no terminal: a line for each operation, and one for all budgets."""

from __future__ import annotations

import time
from collections.abc import Iterator

from retold.cli.top.scene import Row, Scene
from retold.cli.top.words import count, left, percent, rate, seconds, times


def lines(scene: Scene) -> Iterator[str]:
    """What there is to see, everything together first."""
    clock = time.strftime("%H:%M:%S", time.localtime(scene.time))
    rows = (scene.everything, *scene.rows)
    width = max(len(row.operation) for row in rows)
    for row in rows:
        yield f"{clock}  {row.operation:<{width}}  {_numbers(row)}"
    if scene.budgets:
        stocks = (f"{stock.budget} {left(stock.left, stock.capacity)}" for stock in scene.budgets)
        yield f"{clock}  {'budgets':<{width}}  {', '.join(stocks)}"


def _numbers(row: Row) -> str:
    flow, given_up = row.flow, sum(row.give_ups.values())
    told = (
        f"{rate(flow.rate(sum(flow.calls.values())))} calls/s",
        f"effective {percent(flow.ended.effective)}",
        f"actual {percent(flow.ended.actual)}",
        f"{times(flow.amplification)} attempts a call",
        f"{count(row.waiting)} of {count(row.active)} asleep",
        f"p95 {seconds(flow.p95)}",
        f"waits {percent(flow.asleep)}",
        f"gave up {count(given_up)}",
    )
    why = [f"{count(number)} {outcome}" for outcome, number in row.give_ups.items()]
    return ", ".join(told) + (f" ({', '.join(why)})" if why else "")

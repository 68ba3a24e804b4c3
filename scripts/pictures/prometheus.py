"""What a Prometheus server answers to a panel's queries."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from retold.dashboards.boards.model import Board, Panel, Target
from retold.dashboards.variables import filled


class PrometheusError(Exception):
    """The server does not answer, or refuses a query; the message says which."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series: `values` at the moments of `times`, NaN where there is none."""

    name: str
    labels: dict[str, str]
    times: list[float]
    values: list[float]

    @property
    def last(self) -> float:
        """The last value that there is; NaN without any."""
        return next((value for value in reversed(self.values) if not math.isnan(value)), math.nan)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target's query gave: its series, and the exemplars behind them as pairs of time and value."""

    target: Target
    series: list[Series]
    exemplars: list[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A server, and what was chosen on the board.

    Args:
        url: Where it answers, as in `http://127.0.0.1:9090`.
        start, end: The time shown, in seconds since 1970.
        operation: As `filled` takes it.
        step, rate_interval: Seconds between two points, and that rates look back.
    """

    url: str
    start: float
    end: float
    operation: str
    step: float
    rate_interval: float

    def of(self, operation: str) -> Asking:
        """The same about one operation."""
        return replace(self, operation=operation)

    def answers(self, panel: Panel) -> list[Answer]:
        """The answers to all queries of a panel.

        Raises:
            PrometheusError: It does not answer, or refuses a query.
        """
        return [self._answer(panel, target) for target in panel.targets]

    def marks(self, board: Board) -> list[float]:
        """The moments at which the board's annotations begin, such as alerts that begin to fire."""
        found = [
            series
            for annotation in board.annotations
            for series in self._over_time(Target(expression=annotation.expression), self._filled(annotation.expression))
        ]
        return sorted({moment for series in found for moment in _beginnings(series)})

    def operations(self) -> list[str]:
        """The operations that had calls in the time shown, most give-ups first."""
        span = f"{self.end - self.start:.0f}s"
        asked = f"sort_desc(sum by (retold_operation) (increase(retold_give_ups_total[{span}])))"
        return [each["metric"]["retold_operation"] for each in self._ask("query", query=asked, time=self.end)["result"]]

    def _answer(self, panel: Panel, target: Target) -> Answer:
        expression = self._filled(target.expression)
        if panel.instant:
            return Answer(target, self._now(target, expression), [])
        return Answer(target, self._over_time(target, expression), self._exemplars(target, expression))

    def _filled(self, expression: str) -> str:
        shown = self.end - self.start
        return filled(expression, operation=self.operation, rate_interval=self.rate_interval, shown=shown)

    def _now(self, target: Target, expression: str) -> list[Series]:
        answer = self._ask("query", query=expression, time=self.end)
        return [
            Series(_name(target, each["metric"]), each["metric"], [self.end], [float(each["value"][1])])
            for each in answer["result"]
        ]

    def _over_time(self, target: Target, expression: str) -> list[Series]:
        count = round((self.end - self.start) / self.step) + 1
        times = [self.start + self.step * index for index in range(count)]
        answer = self._ask("query_range", query=expression, start=self.start, end=times[-1], step=self.step)
        found = []
        for each in answer["result"]:
            values = [math.nan] * count
            for time, value in each["values"]:
                values[round((time - self.start) / self.step)] = float(value)
            found.append(Series(_name(target, each["metric"]), each["metric"], times, values))
        return found

    def _exemplars(self, target: Target, expression: str) -> list[tuple[float, float]]:
        if not target.exemplars:
            return []
        answer = self._ask("query_exemplars", query=expression, start=self.start, end=self.end)
        return [(each["timestamp"], float(each["value"])) for of_series in answer for each in of_series["exemplars"]]

    def _ask(self, what: str, **parameters: str | float) -> Any:
        try:
            with _direct.open(f"{self.url}/api/v1/{what}?{urlencode(parameters)}", timeout=30) as response:
                return json.load(response)["data"]
        except HTTPError as error:
            with error:
                said = error.read().decode(errors="replace")
            raise PrometheusError(f"{self.url} refuses {parameters['query']}: {said}") from error
        except (URLError, TimeoutError, ValueError, KeyError) as error:
            raise PrometheusError(f"{self.url} does not answer as Prometheus does: {error}") from error


# What runs on this machine is never behind the proxy that the environment may name.
_direct = build_opener(ProxyHandler({}))


def _beginnings(series: Series) -> list[float]:
    before = [math.nan, *series.values]
    return [
        time
        for time, value, last in zip(series.times, series.values, before, strict=False)
        if math.isnan(last) and not math.isnan(value)
    ]


def _name(target: Target, labels: dict[str, str]) -> str:
    name = target.legend
    for label, value in labels.items():
        name = name.replace(f"{{{{{label}}}}}", value)
    return name

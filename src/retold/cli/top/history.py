"""The last minutes of what is watched: readings become moments, and moments rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from retold.cli.top.flow import Ended, Flow, flows, give_ups, together
from retold.cli.top.happenings import Happenings
from retold.cli.top.reading import Key, Kind, Reading, has_restarted, increase
from retold.cli.top.scene import Happening, Mood, Row, Stock

WINDOW = 10.0
"""Seconds that the numbers are of: one alone would have them jump."""

_KEPT = 240
EVERYTHING = "all operations"


@dataclass(frozen=True, slots=True)
class _Moment:
    seconds: float
    counted: dict[Key, float]
    ended: dict[str, Ended]


@dataclass(slots=True)
class _Seen:
    at: float
    reading: Reading


class History:
    """What has been read of some processes, one after the other, and what it comes to together.

    Attributes:
        moments: How often something was read.
        happenings: Give-ups, and processes that began anew.
    """

    def __init__(self) -> None:
        self.moments = 0
        self.happenings = Happenings()
        self._moments: deque[_Moment] = deque(maxlen=_KEPT)
        self._seen: dict[str, _Seen] = {}
        self._at: float | None = None
        self._here: frozenset[str] = frozenset()

    def take(self, readings: Mapping[str, Reading], at: float, time: float) -> None:
        """Take what the processes have counted up to now; those that did not answer are left out.

        Args:
            readings: By process.
            at: Seconds on a clock that never goes back.
            time: The same moment as Unix time.
        """
        seconds = 0.0 if self._at is None else at - self._at
        counted: dict[Key, float] = {}
        for process, reading in readings.items():
            seen = self._seen.get(process)
            if seen is not None:
                if has_restarted(seen.reading, reading):
                    self.happenings.add(
                        Happening(time, process, "counts anew: the process was restarted", Mood.FAIR, is_rare=True)
                    )
                more = increase(seen.reading, reading)
                self._tell_give_ups(more, time)
                # What came while it did not answer is spread over that time, so that rates stay true.
                share = seconds / (at - seen.at)
                for key, count in more.items():
                    counted[key] = counted.get(key, 0) + count * share
            self._seen[process] = _Seen(at, reading)
        self._here = frozenset(readings)
        if self._at is not None:
            ended = {operation: flow.ended for operation, flow in flows(seconds, counted).items()}
            self._moments.append(_Moment(seconds, counted, ended))
            self.moments += 1
        self._at = at

    @property
    def rows(self) -> tuple[Row, ...]:
        """A row for each operation that was ever seen, by name."""
        seconds, recent = self._recent()
        split = flows(seconds, recent)
        ended = self._ended()
        return tuple(
            self._row(name, split.get(name, Flow(seconds, {})), give_ups(ended[name])) for name in sorted(ended)
        )

    def everything(self, rows: tuple[Row, ...]) -> Row:
        """All of them together."""
        totals: dict[str, float] = {}
        for row in rows:
            for outcome, count in row.give_ups.items():
                totals[outcome] = totals.get(outcome, 0) + count
        return Row(
            EVERYTHING,
            together(self._recent()[0], (row.flow for row in rows)),
            totals,
            sum(row.active for row in rows),
            sum(row.waiting for row in rows),
            tuple(sum(moment.ended.values(), Ended()) for moment in self._moments),
        )

    @property
    def budgets(self) -> tuple[Stock, ...]:
        """What is left in each, those with least first. Processes have their own: those of one name are added up."""
        left, capacity = self._standing(Kind.LEFT), self._standing(Kind.CAPACITY)
        stocks = (Stock(name, left.get(name, 0), most) for name, most in capacity.items() if most)
        return tuple(sorted(stocks, key=lambda stock: (stock.left / stock.capacity, stock.budget)))

    def _standing(self, kind: Kind) -> dict[str, float]:
        standing: dict[str, float] = {}
        for process in self._here:
            for key, value in self._seen[process].reading.gauges.items():
                if key.kind is kind:
                    standing[key.of] = standing.get(key.of, 0) + value
        return standing

    def _recent(self) -> tuple[float, dict[Key, float]]:
        """The last moments, as many as make up the window, and at least one."""
        seconds, recent = 0.0, dict[Key, float]()
        for moment in reversed(self._moments):
            # Moments are never quite as long as they should be.
            if seconds and seconds + moment.seconds / 2 > WINDOW:
                break
            seconds += moment.seconds
            for key, count in moment.counted.items():
                recent[key] = recent.get(key, 0) + count
        return seconds, recent

    def _ended(self) -> dict[str, dict[str, float]]:
        """Calls by operation and outcome, since the processes began."""
        ended: dict[str, dict[str, float]] = {}
        for seen in self._seen.values():
            for key, count in seen.reading.counters.items():
                if key.kind is Kind.CALLS:
                    outcomes = ended.setdefault(key.operation, {})
                    outcomes[key.of] = outcomes.get(key.of, 0) + count
        return ended

    def _row(self, name: str, flow: Flow, given_up: dict[str, float]) -> Row:
        here = [self._seen[process].reading.gauges for process in self._here]
        return Row(
            name,
            flow,
            {outcome: count for outcome, count in given_up.items() if count},
            sum(gauges.get(Key(Kind.ACTIVE, name), 0) for gauges in here),
            sum(gauges.get(Key(Kind.WAITING, name), 0) for gauges in here),
            tuple(moment.ended.get(name, Ended()) for moment in self._moments),
        )

    def _tell_give_ups(self, more: Mapping[Key, float], time: float) -> None:
        for operation, flow in sorted(flows(1, more).items()):
            why = flow.give_ups
            if why:
                total = sum(why.values())
                each = ", ".join(outcome if len(why) == 1 else f"{count:g} {outcome}" for outcome, count in why.items())
                self.happenings.add(Happening(time, operation, f"{total:g} gave up: {each}"))

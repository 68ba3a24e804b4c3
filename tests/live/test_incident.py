"""An incident, as boards and alerts show it, beside what the upstream wrote down of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from retold.cli.demo.incident import Phase
from retold.cli.demo.worlds.http.crawler import ROUTES
from retold.dashboards.boards.model import Board, Panel, Target
from retold.dashboards.boards.operation import operation
from retold.dashboards.boards.overview import overview
from retold.dashboards.options import Options
from retold.dashboards.variables import ALL, filled
from tests.cli.demo.running import wait_until
from tests.live.alerts import EXPECTED, LOUD, ORDER, first, still_firing
from tests.live.rehearsal import Rehearsal, played
from tests.live.truth import Truth
from tests.services.needs import need

pytestmark = pytest.mark.takes(seconds=160)

BOARDS = (overview(Options()), operation(Options()))


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    need("prometheus", "prometheus")
    need("prometheus-alertmanager", "prometheus-alertmanager")
    with played(tmp_path_factory.mktemp("incident") / "run") as made:
        yield made


@dataclass(frozen=True)
class Between:
    """The time between two scrapes, the first and the last of a phase: what a query about it can know of."""

    start: float
    end: float

    @classmethod
    def scrapes_of(cls, rehearsal: Rehearsal, phase: Phase) -> Between:
        start, end = rehearsal.span(phase)
        times = rehearsal.prometheus.times(f"retold_call_active[{end - start:.0f}s]", at=end)
        return cls(times[0], times[-1])

    @property
    def length(self) -> float:
        return self.end - self.start


def asked(rehearsal: Rehearsal, target: Target, between: Between, of: str = ALL) -> dict[str, float]:
    """What a target of a board gives at the end of a span of time of which it sees all and no more, by its legend."""
    # The window is open at its start, in newer versions of Prometheus.
    window = math.ceil(between.length * 1000 + 1) / 1000
    expression = filled(target.expression, operation=of, rate_interval=window, shown=window)
    samples = rehearsal.prometheus.query(expression, at=between.end)
    return {" ".join(sample.labels.values()): sample.value for sample in samples}


def numbers(rehearsal: Rehearsal, title: str, between: Between, of: str | None) -> dict[str, float]:
    """What a panel with one query says, on the fleet's board or on one operation's."""
    board = BOARDS[0] if of is None else BOARDS[1]
    [panel] = [panel for panel in panels(board) if panel.title == title and len(panel.targets) == 1]
    return asked(rehearsal, panel.targets[0], between, ALL if of is None else of)


def counted(rehearsal: Rehearsal, between: Between, of: str | None) -> Truth:
    """What had happened by the upstream, of all that the process counted between two scrapes.

    The upstream knows of an answer when it sends it, and the process when it reads it, which on a busy machine is up to
    seconds later. So what it counted is found by how much it was, in the order in which it happened. Whether anything
    was left out is seen by whatever is compared over the whole run.
    """
    named = f'{{retold_operation=~"{of or ".+"}"}}'

    def number(metric: str, at: float) -> int:
        [sample] = rehearsal.prometheus.query(f"sum({metric}{named})", at=at)
        return round(sample.value)

    calls, attempts = (
        (number(metric, between.start), number(metric, between.end))
        for metric in ("retold_calls_total", "retold_attempts_total")
    )
    return rehearsal.truth.numbered(calls, attempts, of)


def scraped_too_late(rehearsal: Rehearsal, between: Between, of: str | None, what: str) -> float:
    """What a histogram counted before it was first scraped, of the ways of ending that are new in a span of time.

    Nothing says that these began at 0, so to an `increase` all that comes before their first scrape is lost.
    """
    series = f'retold_call_attempts_{what}{{retold_operation=~"{of or ".+"}"}}'
    window = f"{between.length * 1000:.0f}ms"
    born = f"sum(min_over_time({series}[{window}]) unless {series} offset {window})"
    return sum(sample.value for sample in rehearsal.prometheus.query(born, at=between.end))


def panels(board: Board) -> list[Panel]:
    return [panel for row in board.rows for panel in row.panels]


ATTEMPTS = 7
"""How many the policies of both operations allow that are looked at here."""

NUMBERS: dict[str, Callable[[Truth], float | None]] = {
    "Effective success": lambda truth: truth.effective,
    "Actual success": lambda truth: truth.actual,
    "First-try success": lambda truth: truth.first_try,
    "Rescued": lambda truth: truth.rescued,
}


@pytest.mark.parametrize("of", [None, "papers.fetch", "citations.find"])
@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("title", NUMBERS)
def test_boards_say_what_the_upstream_saw(rehearsal: Rehearsal, title: str, phase: Phase, of: str | None) -> None:
    between = Between.scrapes_of(rehearsal, phase)
    truth = NUMBERS[title](counted(rehearsal, between, of))
    said = list(numbers(rehearsal, title, between, of).values())

    assert said == ([] if truth is None else [pytest.approx(truth, rel=0.03, abs=0.02)])


@pytest.mark.parametrize("of", [None, "papers.fetch", "citations.find"])
@pytest.mark.parametrize("phase", list(Phase))
def test_boards_say_how_many_attempts_calls_take(rehearsal: Rehearsal, phase: Phase, of: str | None) -> None:
    between = Between.scrapes_of(rehearsal, phase)
    truth = counted(rehearsal, between, of)
    seen = truth.amplification_without(*(scraped_too_late(rehearsal, between, of, what) for what in ("sum", "count")))
    [said] = numbers(rehearsal, "Attempts per call", between, of).values()

    assert 0.97 * min(truth.amplification, seen) < said < 1.03 * max(truth.amplification, seen)


@pytest.mark.parametrize("of", ["papers.fetch", "citations.find"])
@pytest.mark.parametrize("phase", [Phase.OUTAGE, Phase.STORM])
def test_the_board_says_which_limit_bit_how_often(rehearsal: Rehearsal, phase: Phase, of: str) -> None:
    between = Between.scrapes_of(rehearsal, phase)
    truth = counted(rehearsal, between, of).give_ups(ATTEMPTS)
    said = numbers(rehearsal, "Give-ups by the limit that bit", between, of)

    assert {outcome: said[outcome] * between.length for outcome in truth} == pytest.approx(truth, rel=0.05, abs=2)
    assert sum(said.values()) * between.length == pytest.approx(sum(truth.values()), rel=0.05, abs=2)


@pytest.mark.parametrize("of", ["papers.fetch", "citations.find"])
def test_the_board_says_which_limit_bit_over_the_whole_run(rehearsal: Rehearsal, of: str) -> None:
    before, after = (Between.scrapes_of(rehearsal, phase) for phase in (Phase.BEFORE, Phase.AFTER))
    whole = Between(before.start, after.end)
    truth = rehearsal.truth.between(whole.start, whole.end, of).give_ups(ATTEMPTS)
    said = numbers(rehearsal, "Give-ups by the limit that bit", whole, of)

    assert sum(truth.values()) > 100
    assert {outcome: count * whole.length for outcome, count in said.items()} == pytest.approx(
        {outcome: truth.get(outcome, 0) for outcome in said}, rel=0.03, abs=2
    )


@pytest.mark.parametrize("phase", [Phase.DEGRADING, Phase.OUTAGE, Phase.STORM])
def test_the_board_says_how_much_of_their_time_calls_are_asleep(rehearsal: Rehearsal, phase: Phase) -> None:
    between = Between.scrapes_of(rehearsal, phase)
    least, most = rehearsal.truth.between(between.start, between.end, "papers.fetch").waited
    [share] = numbers(rehearsal, "Time asleep", between, "papers.fetch").values()
    spent = Target(
        expression='sum(increase(retold_call_duration_seconds_sum{retold_operation="$operation"}[$__range]))'
    )
    [seconds] = asked(rehearsal, spent, between, "papers.fetch").values()

    assert 0 < 0.95 * least < share * seconds < 1.05 * most


BEYOND = ("0", "8 to 10", "11 to 15", "16 to 25", "over 25")
"""Numbers of attempts that no call of the demo makes."""

WITHOUT = ("{{retold_budget}}",)
"""What is told of things that the demo does not have: budgets."""


@pytest.mark.parametrize(
    "target",
    [
        pytest.param((board, target), id=f"{board.title.rpartition(' ')[2]}: {panel.title}: {target.legend}")
        for board in BOARDS
        for panel in panels(board)
        for target in panel.targets
    ],
)
def test_every_query_answers_at_some_moment(rehearsal: Rehearsal, target: tuple[Board, Target]) -> None:
    board, query = target
    of = ALL if board is BOARDS[0] else "papers.fetch"
    answers = [asked(rehearsal, query, Between.scrapes_of(rehearsal, phase), of) for phase in Phase]
    finite = [answer for answer in answers if answer and all(map(math.isfinite, answer.values()))]

    assert bool(finite) is (query.legend.removeprefix("attempt ") not in (*BEYOND, *WITHOUT))


@pytest.mark.parametrize("title", ["How long calls take", "How long attempts take"])
def test_latencies_lead_to_traces(rehearsal: Rehearsal, title: str) -> None:
    [panel] = [panel for panel in panels(BOARDS[1]) if panel.title == title]
    shown = [target for target in panel.targets if target.exemplars]

    assert shown
    assert all(rehearsal.prometheus.exemplars(filled(target.expression, operation="papers.fetch")) for target in shown)


def test_waiting_dominates_where_servers_ask_for_it(rehearsal: Rehearsal) -> None:
    told = [told for of in ROUTES if (told := first(rehearsal.told, "RetoldWaitingDominates", of))]

    assert told
    assert {rehearsal.phase_of(each.time) for each in told} <= {Phase.OUTAGE, Phase.STORM}


@pytest.mark.parametrize("of", ["papers.fetch", "pdfs.download"])
def test_alerts_fire_in_the_order_in_which_it_gets_worse(rehearsal: Rehearsal, of: str) -> None:
    fired = [first(rehearsal.told, name, of) for name, _ in ORDER]

    assert None not in fired, [name for (name, _), told in zip(ORDER, fired, strict=True) if told is None]
    times = [told.time for told in fired if told is not None]
    assert times == sorted(times)
    for (name, phases), time in zip(ORDER, times, strict=True):
        assert rehearsal.phase_of(time) in phases, name


@pytest.mark.parametrize("of", list(ROUTES))
def test_every_operation_pages(rehearsal: Rehearsal, of: str) -> None:
    for name, severity, phases in LOUD:
        told = first(rehearsal.told, name, of, severity)
        assert told is not None, name
        assert rehearsal.phase_of(told.time) in phases


def test_no_other_alert_fires_and_none_while_all_is_well(rehearsal: Rehearsal) -> None:
    assert {told.name for told in rehearsal.told} <= EXPECTED
    assert all(rehearsal.phase_of(told.time) is not Phase.BEFORE for told in rehearsal.told)


def test_every_alert_is_over_when_the_incident_is(rehearsal: Rehearsal) -> None:
    wait_until(lambda: not still_firing(rehearsal.told), timeout=60)

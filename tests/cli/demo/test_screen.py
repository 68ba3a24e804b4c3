"""What the demo shows: the same facts plain and in colour, on wide screens and on narrow ones."""

import re
from collections import Counter

import pytest

from retold.cli.demo.incident import Phase
from retold.cli.demo.results import Results
from retold.cli.demo.screen import Screen
from retold.cli.demo.tally import Count, Tally
from retold.cli.demo.worlds.world import Verdict

OPERATIONS = ["papers.fetch", "pdfs.download", "index.update", "citations.find"]


@pytest.fixture
def tally() -> Tally:
    tally = Tally(OPERATIONS, None)
    tally.operations["papers.fetch"] = papers = Count(
        calls=Counter(success=198, attempts_exhausted=1, deadline_exceeded=1),
        attempts=Counter(success=198, error=102),
        made=300,
        fallbacks=2,
        longest_wait=1.25,
    )
    tally.phases = {Phase.BEFORE: papers}
    tally.active, tally.waiting = 5, 3
    return tally


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Standard output is a terminal of 80 columns."""
    for name in ("NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def results(tally: Tally, *, requests: int = 300, held_back: int = 0) -> Results:
    nothing: dict[str, int] = {}
    answers = dict.fromkeys(OPERATIONS, nothing) | {"papers.fetch": {"ok": 198, "unavailable": requests - 198}}
    return Results(
        tally,
        {
            "http": Verdict(requests == 300, f"300 attempts, {requests} requests", answers),
            "store": Verdict(agree=True, told="no papers", answers={}),
        },
        held_back,
    )


def row(output: str, first: str) -> list[str]:
    [line] = [line for line in output.splitlines() if line.strip().startswith(first)]
    return line.split()


def test_a_second_is_one_line(tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(plain=True)

    screen.second(7.2, tally.operations["papers.fetch"], tally, "")
    screen.second(8.0, tally.operations["papers.fetch"], tally, "outage")

    first, second = capsys.readouterr().out.splitlines()
    assert first == (
        "   7 s   200 calls ended  ok:  99.0% of calls,  66.0% of attempts  x1.50 attempts a call"
        "    3 of   5 asleep  2 gave up"
    )
    assert second.endswith("2 gave up  [outage]")


def test_a_second_without_calls_has_no_shares(tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    Screen(plain=True).second(1.0, Count(), tally, "")

    told = (
        "   1 s     0 calls ended  ok:      - of calls,      - of attempts      - attempts a call    3 of   5 asleep\n"
    )
    assert capsys.readouterr().out == told


def test_the_table_has_a_row_for_each_operation(tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    Screen(plain=True).results(results(tally), None)

    out = capsys.readouterr().out
    papers = "papers.fetch 200 99.0% 66.0% x1.50 1 attempts_exhausted, 1 deadline_exceeded 2 1.25 s 300"
    assert " ".join(row(out, "papers.fetch")) == papers
    assert " ".join(row(out, "index.update")) == "index.update 0 - - - 0 0 0.00 s 0"
    assert "300 attempts, 300 requests\nno papers\n" in out
    assert "calls begun" not in out


def test_it_is_all_of_them_only_if_none_is_missing(tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    tally.operations["papers.fetch"].calls = Counter(success=99_999, attempts_exhausted=1)

    Screen(plain=True).results(results(tally), None)

    assert row(capsys.readouterr().out, "papers.fetch")[:3] == ["papers.fetch", "100000", "99.9%"]


def test_phases_have_a_table_of_their_own(tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    tally.phases[Phase.OUTAGE] = Count(calls=Counter(attempts_exhausted=4), attempts=Counter(error=16), made=16)

    Screen(plain=True).results(results(tally), None)

    assert " ".join(row(capsys.readouterr().out, "outage")) == "outage 4 0.0% 0.0% x4.00 4"


def test_one_world_that_differs_is_a_difference(tally: Tally) -> None:
    assert results(tally).agree
    assert not results(tally, requests=301).agree


def test_papers_that_were_held_back_are_told(tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    Screen(plain=True).results(results(tally, held_back=12), None)

    assert "12 papers did not begin, for too many were under way\n" in capsys.readouterr().out


def test_a_terminal_has_colours_and_lines_unless_it_is_to_be_plain(
    tally: Tally, capsys: pytest.CaptureFixture[str], terminal: pytest.MonkeyPatch
) -> None:
    terminal.setenv("COLUMNS", "160")
    shown = []
    for plain in (False, True):
        screen = Screen(plain=plain)
        screen.second(1.0, tally.operations["papers.fetch"], tally, "outage")
        screen.results(results(tally), None)
        shown.append(capsys.readouterr().out)

    rich, plain_text = shown
    assert "\x1b[3" in rich
    assert "─" in rich
    assert "\x1b" not in plain_text
    assert "─" not in plain_text


def test_a_narrow_terminal_loses_no_number(
    tally: Tally, capsys: pytest.CaptureFixture[str], terminal: pytest.MonkeyPatch
) -> None:
    screen = Screen(plain=True)

    screen.second(1.0, tally.operations["papers.fetch"], tally, "outage")
    screen.results(results(tally), None)

    out = capsys.readouterr().out
    assert "…" not in out
    assert "asleep  2 gave up  [outage]\n" in out
    for number in ("200", "99.0%", "66.0%", "x1.50", "1.25 s", "300"):
        assert number in out


@pytest.mark.parametrize("is_plain", [False, True])
def test_the_tables_fit_80_columns_and_nothing_of_them_is_lost(
    tally: Tally, capsys: pytest.CaptureFixture[str], terminal: pytest.MonkeyPatch, is_plain: bool
) -> None:
    tally.operations["papers.summarise"] = Count(
        calls=Counter(success=99_000, budget_exhausted=999), attempts=Counter(success=99_000), made=1_250_000
    )
    seen = {operation: {"ok": 300} for operation in (*OPERATIONS, "papers.summarise")}
    told = Results(tally, {"http": Verdict(agree=True, told="300 attempts", answers=seen)}, 0)

    Screen(plain=is_plain).results(told, None)

    lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 80
    papers = "papers.fetch 200 99.0% 66.0% x1.50 2 2 1.25 s 300"
    assert " ".join(row("\n".join(lines), "papers.fetch")) == papers
    assert row("\n".join(lines), "papers.summarise")[:4] == ["papers.summarise", "99999", "99.0%", "100.0%"]
    assert "gave up: 1 attempts_exhausted, 1 deadline_exceeded, 999 budget_exhausted" in lines


def test_what_is_said_while_something_else_is_shown_is_printed_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(plain=True)

    with screen.held_back():
        screen.say("first")
        screen.alert("FIRING RetoldGiveUps")
        shown_meanwhile = capsys.readouterr().out
    screen.say("last")

    assert shown_meanwhile == ""
    assert capsys.readouterr().out == "first\nFIRING RetoldGiveUps\nlast\n"

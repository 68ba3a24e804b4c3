"""The demo on a real terminal: success that holds while attempts fail, give-ups, keys, and the table at the end."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from retold.cli.demo.live import Live
from retold.cli.demo.options import add_arguments, parsed
from retold.cli.demo.screen import Screen
from retold.cli.demo.witness import Witness
from retold.cli.parser import Parser
from retold.cli.top.scene import Mood
from tests.cli.demo.running import wait_until, world_of
from tests.services.tmux import Tmux

DEMO = f"{sys.executable} -m retold demo --port 0 --seed 7 --rate 60 --exporters prometheus"
OPERATIONS = (
    "citations.find",
    "index.update",
    "labels.print",
    "papers.fetch",
    "papers.store",
    "papers.summarise",
    "pdfs.download",
)
ENVIRONMENT = "env -u RETOLD_EXPORTERS -u COLUMNS -u NO_COLOR"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Tmux]:
    with Tmux(tmp_path) as terminal:
        yield terminal


def begin(terminal: Tmux, *options: str) -> None:
    terminal.begin(f"{ENVIRONMENT} {DEMO} --output $PWD/run {' '.join(options)}")


def shares(terminal: Tmux) -> tuple[float, float]:
    """Effective and actual success of all operations, in per cent."""
    found = terminal.wait_for(r"all operations +\S+ +([\d.]+)% +([\d.]+)%")
    return float(found[1]), float(found[2])


def actual(terminal: Tmux, operation: str) -> float:
    """Actual success of one operation, in per cent."""
    return float(terminal.wait_for(rf"{re.escape(operation)} +\S+ +\S+ +([\d.]+)%")[1])


def test_an_incident_is_hidden_by_retries_until_it_no_longer_can_be(terminal: Tmux, tmp_path: Path) -> None:
    begin(terminal, "--failure-rate 0")
    wait_until(lambda: terminal.mode == (True, False), 60)
    terminal.wait_for(r"retold demo  http://127\.0\.0\.1:\d+/metrics  60 calls/s")
    wait_until(lambda: shares(terminal) == (100, 100), 30)
    assert "gave up  none" in terminal.screen

    terminal.press("i")
    terminal.wait_for("all worlds +an incident begins|degrading")

    def holds() -> bool:
        effective, actual = shares(terminal)
        return effective > 90 > 80 > actual

    wait_until(holds, 30)
    terminal.wait_for(r"#1 httpx\.\w+ waits \d\.\d\d s \((?:backoff|hint)\)")
    terminal.wait_for(r"longest wait ends in \d\.\d s")
    terminal.wait_for(" outage ")
    terminal.wait_for(r"gave up  [1-9]\S* \w+ [\d.]+/s")
    wait_until(lambda: shares(terminal)[0] < 90, 30)
    terminal.resize(140, 40)
    terminal.wait_for("effective, last minute")
    terminal.press("i")
    wait_until(lambda: " outage " not in terminal.screen, 30)
    terminal.press("q")

    assert terminal.ended() == 0
    assert re.search(
        r"^\d+ attempts here are the \d+ requests that the upstream counted$", terminal.screen, re.MULTILINE
    )
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["agree"]


def test_a_key_for_each_world_brings_trouble_to_it_alone(terminal: Tmux) -> None:
    begin(terminal, "--failure-rate 0")
    wait_until(lambda: shares(terminal) == (100, 100), 60)
    for operation in OPERATIONS:
        terminal.wait_for(rf"^[▸ ] {re.escape(operation)} +\S+ +100%")
    terminal.wait_for("i incident  1 http  2 llm  3 store  4 printer .* p pause  [?] help  q quit")

    terminal.press("4")
    terminal.wait_for(" printer degrading ")

    wait_until(lambda: actual(terminal, "labels.print") < 90, 30)
    http = [operation for operation in OPERATIONS if operation not in ("labels.print", "papers.store")]
    assert [actual(terminal, operation) for operation in http] == [100] * len(http)
    terminal.press("2")
    terminal.wait_for(" llm[+]printer degrading ")
    terminal.press("4", "2")
    wait_until(lambda: "degrading" not in terminal.screen, 30)
    terminal.press("q")

    assert terminal.ended() == 0


@pytest.mark.parametrize("key", ["q", "C-c"])
def test_it_ends_in_order_and_leaves_its_lines(terminal: Tmux, key: str) -> None:
    begin(terminal)
    terminal.wait_for(r"all operations +\d")
    terminal.press("p")
    terminal.wait_for("PAUSED")
    terminal.press(key)

    assert terminal.ended() == 0
    assert "EFFECTIVE" not in terminal.screen
    assert "labels.print" in terminal.screen


def test_a_planned_incident_and_the_time_that_is_left_are_shown(terminal: Tmux) -> None:
    begin(terminal, "--duration 6 --incident-at 1 --incident-for 4")
    terminal.wait_for(r"(?:degrading|outage|storm)  \d of 6 s")

    assert terminal.ended() == 0


def test_an_upstream_that_dies_ends_it_with_one_line(terminal: Tmux, tmp_path: Path) -> None:
    begin(terminal)
    terminal.wait_for(r"all operations +\d")
    upstream = world_of(tmp_path / "run", "upstream.json")
    assert upstream
    os.kill(upstream, signal.SIGKILL)

    assert terminal.ended() == 1
    assert "the upstream has ended with status -9 before the run did" in " ".join(terminal.screen.split())


def test_a_key_kills_a_worker_and_its_papers_go_to_others(tmp_path: Path) -> None:
    with Tmux(tmp_path, width=120, height=50) as terminal:
        begin(terminal, "--workers 2")
        terminal.wait_for(r"papers.process +\d")
        terminal.wait_for(" x kill ")

        terminal.press("x")

        terminal.wait_for(r"workers +worker \d+ has ended with status -9, amid \d+ papers?$")
        terminal.press("q")
        assert terminal.ended() == 0

    assert json.loads((tmp_path / "run" / "summary.json").read_text())["agree"]


def test_alerts_are_among_what_happens(capsys: pytest.CaptureFixture[str]) -> None:
    parser = Parser()
    add_arguments(parser)
    live = Live(parsed(parser, parser.parse_args([])), ["papers.fetch"], Screen(plain=True), lambda: None)
    lines = ["FIRING   RetoldGiveUps papers.fetch", "RESOLVED RetoldGiveUps papers.fetch"]

    for line in lines:
        live.alert(line)

    [witness] = live.listeners
    assert isinstance(witness, Witness)
    assert [(each.subject, each.text, each.mood) for each in witness.happenings()] == [
        ("prometheus", lines[0], Mood.BAD),
        ("prometheus", lines[1], Mood.GOOD),
    ]
    assert capsys.readouterr().out.splitlines() == lines, "they are among the lines that remain, too"

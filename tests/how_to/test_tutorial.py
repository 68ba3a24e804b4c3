"""The tutorial, followed from its first command to its last: what it says happens.

It is walked once, and the tests look at what was answered. Parts that need nothing of each other are walked at once.
"""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from retold.cli.demo.options import WORLDS
from tests.cli.demo.running import wait_until
from tests.how_to.reader import Block, Shell, by_number, processes_in, shape, wait_for_port
from tests.services.needs import need
from tests.services.ports import free_port
from tests.services.tmux import Tmux
from tests.test_docs import python_in

ROOT = Path(__file__).parents[2]
PARTS = (("2", "3", "4"), ("5", "6"), ("7",))
"""Sections that build on each other. All need the first, and the last ends what is left."""

DOCUMENT = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")

EXCHANGED = {
    # An environment of its own, as it says, but with the packages of this one in place of a download.
    "python3 -m venv": f"{sys.executable} -m venv --without-pip",
    "tutorial/.venv/bin/pip install --quiet '.[demo]'": (
        f"echo 'import site; site.addsitedir(\"{sysconfig.get_path('purelib')}\")'"
        " > $(echo tutorial/.venv/lib/python3.*/site-packages)/shared.pth"
    ),
    # Who tests may not install programs; `need` asks for these.
    "sudo apt-get install --yes prometheus prometheus-alertmanager": "true",
    # The same incidents in less time, with more calls to make up for it.
    "--duration 45 --incident-at 10 --incident-for 24": (
        "--duration 5 --incident-at 1 --incident-for 3 --rate 40 --port 0"
    ),
    "--time-scale 30 --duration 120 --incident-at 30 --incident-for 75": (
        "--time-scale 120 --duration 9 --incident-at 1 --incident-for 7 --rate 40 --port 0"
    ),
    "retold demo --workers 3\n": "retold demo --workers 3 --failure-rate 0 --rate 40 --port 0\n",
}


@dataclass(frozen=True)
class Walk:
    """The tutorial, walked to its end.

    Attributes:
        server: The flaky server's port.
        answers: What each command answered.
        shown: The shapes of what the document shows after a block of commands, and of what those answered.
        summary: The demo's own of its planned incident.
        picture: What was drawn of a trace.
        left: Files that were still there at the end; of processes, none was.
    """

    server: int
    answers: dict[str, str]
    shown: list[tuple[list[str], list[str]]]
    summary: dict[str, object]
    picture: str
    left: list[str]

    def answer(self, beginning: str) -> str:
        """What the one command that begins so answered."""
        [answer] = [answer for command, answer in self.answers.items() if command.startswith(beginning)]
        return answer


def look_at_top(terminal: Tmux) -> None:
    """The live view of `retold top`."""
    terminal.wait_for(r"^▸ all operations +\S+ +\d")
    terminal.press("Down")
    terminal.wait_for("^▸ papers.fetch")
    terminal.press("?")
    terminal.wait_for("pause the drawing")
    terminal.press("q")


def bring_trouble(terminal: Tmux) -> None:
    """The live view of `retold demo`."""

    def actual() -> float:
        found = terminal.wait_for(r"all operations +\S+ +([\d.]+)% +([\d.]+)%")
        return float(found[2])

    wait_until(lambda: actual() == 100, 30)
    terminal.wait_for("i incident  1 http  2 llm  3 store  4 printer")
    terminal.press("1")
    terminal.wait_for(" http degrading ")
    wait_until(lambda: actual() < 95, 30)
    assert float(terminal.wait_for(r"all operations +\S+ +([\d.]+)%")[1]) > 90
    terminal.press("1")
    wait_until(lambda: " http degrading " not in terminal.screen, 30)
    terminal.press("i")
    terminal.wait_for(" degrading ")
    terminal.press("i", "x")
    terminal.wait_for("has ended with status -9")
    terminal.press("p")
    terminal.wait_for("PAUSED")
    terminal.press("p", "q")


LIVE = {"retold top http": look_at_top, "retold demo --workers 3": bring_trouble}


class Reader:
    """Walks through the document."""

    def __init__(self, folder: Path, server: int, metrics: int) -> None:
        self.folder = folder
        self._ports = {"python flaky.py &": server, "python watched.py &": metrics}
        self.answers: dict[str, str] = {}
        self.shown: list[tuple[list[str], list[str]]] = []
        foreign = ("OTEL_", "RETOLD_", "FORCE_COLOR", "COLUMNS", "NO_COLOR", "BASH_ENV")
        self._env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self._env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{self._env['PATH']}"

    def follow(self, shell: Shell, document: list[Block]) -> None:
        """Do what the blocks say, and compare what they show."""
        latest: list[str] = []
        for block in document:
            match block.kind:
                case "python":
                    name, text = block.file
                    (self.folder / "tutorial" / name).write_text(text, encoding="utf-8")
                case "sh":
                    answered = [self._do(shell, command) for command in block.commands]
                    latest = [shape(line) for answer in answered for line in answer.splitlines()]
                case _:
                    self.shown.append(([shape(line) for line in block.text.splitlines()], latest))

    def _do(self, shell: Shell, command: str) -> str:
        assert command not in self.answers
        keys = next((keys for beginning, keys in LIVE.items() if command.startswith(beginning)), None)
        if keys is None:
            self.answers[command] = shell.type(command)
        else:
            folder = self.folder / "tutorial" / keys.__name__  # a terminal's socket is where it works
            folder.mkdir()
            with Tmux(folder, 120, 40) as terminal:
                path = self._env["PATH"]
                terminal.begin(f"env -u RETOLD_EXPORTERS -u COLUMNS -u NO_COLOR PATH='{path}' {command}")
                keys(terminal)
                assert terminal.ended() == 0
                self.answers[command] = terminal.screen
        if command.endswith(" &"):
            wait_for_port(self._ports[command])
        return self.answers[command]

    def shell(self) -> Shell:
        return Shell(self.folder, self._env)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    need("tmux", "tmux")
    need("prometheus", "prometheus")
    need("prometheus-alertmanager", "prometheus-alertmanager")
    checkout = tmp_path_factory.mktemp("checkout")
    for name in ("docs", "pyproject.toml", "scripts", "src"):
        (checkout / name).symlink_to(ROOT / name)
    before = set(checkout.iterdir())
    server, metrics = free_port(), free_port()
    sections = by_number(DOCUMENT, EXCHANGED | {"8001": str(server), "8002": str(metrics)})
    assert sorted(sections) == sorted(["1", *(number for part in PARTS for number in part), "8"])
    reader = Reader(checkout, server, metrics)
    with ExitStack() as at_end, ThreadPoolExecutor() as threads:
        shells = [at_end.enter_context(reader.shell()) for _ in PARTS]
        reader.follow(shells[0], sections["1"])
        for shell in shells[1:]:
            for command in ("cd tutorial", ". .venv/bin/activate"):
                shell.type(command)
        walks = [
            threads.submit(reader.follow, shell, [block for number in part for block in sections[number]])
            for shell, part in zip(shells, PARTS, strict=True)
        ]
        for each in walks:
            each.result()
        summary = json.loads((checkout / "tutorial" / "run" / "summary.json").read_text())
        picture = (checkout / "tutorial" / "trace.svg").read_text()
        reader.follow(shells[0], sections["8"])
        for shell in shells:
            shell.type("cd /")  # else they would be what is left
        wait_until(lambda: processes_in(checkout) == [], 10)
        left = [str(path) for path in set(checkout.iterdir()) - before]
        yield Walk(server, reader.answers, reader.shown, summary, picture, left)


def test_its_ten_lines_are_those_of_the_readme() -> None:
    [papers] = [part for part in python_in("docs/tutorial.md") if part.startswith("# papers.py\n")]

    assert papers.removeprefix("# papers.py\n") == python_in("README.md")[0]


def test_everything_it_shows_looks_like_what_is_answered(walk: Walk) -> None:
    assert len(walk.shown) >= 10
    for shown, answered in walk.shown:
        missing = [line for line in shown if line not in answered]
        assert missing == [], answered


def test_without_retries_it_does_not_get_far(walk: Walk) -> None:
    assert walk.answer("python without.py") == (
        "httpx.RemoteProtocolError: Server disconnected without sending a response.\n"
    )


def test_with_the_ten_lines_all_papers_come(walk: Walk) -> None:
    assert walk.answer(f"python ask.py http://127.0.0.1:{walk.server}/") == "".join(
        f"{n} b'paper'\n" for n in range(1, 9)
    )


def test_the_note_says_who_gave_up_and_why(walk: Walk) -> None:
    error, note = walk.answer("python ask.py http://127.0.0.1:9/").splitlines()

    assert error.startswith("httpx.ConnectError: ")
    assert re.fullmatch(r"retold: papers\.fetch: attempts_exhausted after 4 attempts and [\d.]+ m?s of waiting", note)


def test_only_calls_that_did_not_succeed_at_once_have_lines(walk: Walk) -> None:
    lines = walk.answer("python aloud.py").splitlines()

    succeeded = [line for line in lines if "succeeded after" in line]
    assert 0 < len(succeeded) < 8
    assert not any("after 1 attempt" in line for line in lines)


def test_effective_success_holds_above_actual_success(walk: Walk) -> None:
    everything, fetch = walk.answer("retold top --once").splitlines()

    assert fetch.split("papers.fetch")[1].split() == everything.split("all operations")[1].split()
    found = re.search(r"effective ([\d.]+)%, actual ([\d.]+)%, x([\d.]+) attempts", everything)
    assert found
    effective, actual, amplification = map(float, found.groups())
    assert 100 >= effective > actual > 0
    assert amplification > 1


def test_the_incident_is_told_by_its_phases_and_every_world_agrees(walk: Walk) -> None:
    told = walk.answer("retold demo --plain --workers 3")

    phases = dict(re.findall(r"^(before|degrading|outage|storm|after) +\d+ +([\d.]+% +[\d.]+%)", told, re.MULTILINE))
    shares = {phase: tuple(float(share.rstrip("%")) for share in both.split()) for phase, both in phases.items()}
    assert list(shares) == ["before", "degrading", "outage", "storm", "after"]
    assert all(effective >= actual for effective, actual in shares.values())
    assert shares["before"][1] > shares["outage"][1]
    for pattern in (
        r"^(\d+) attempts here are the (\d+) requests that the upstream counted$",
        r"^(\d+) attempts at a summary are the (\d+) requests that the language model counted$",
        r"^(\d+) papers stored are the (\d+) rows of the file",
        r"^(\d+) papers handed to workers, (\d+) taken through all worlds$",
    ):
        counted = re.search(pattern, told, re.MULTILINE)
        assert counted, told
        assert counted[1] == counted[2]
    worlds = walk.summary["worlds"]
    assert isinstance(worlds, dict)
    assert list(worlds) == [*WORLDS, "workers"]
    assert all(world["agree"] for world in worlds.values())


def test_the_picture_has_a_call_its_attempts_and_the_requests_below_them(walk: Walk) -> None:
    texts = [element.text or "" for element in ElementTree.fromstring(walk.picture).iter() if element.text]

    call = next(text for text in texts if text.startswith("One call, each attempt a span: ")).rpartition(": ")[2]
    assert texts.count(f"attempt {call}") > 1
    assert any(re.fullmatch(r"success after \d+ attempts", text) for text in texts)


def test_an_alert_that_it_shows_fires_and_all_have_a_runbook(walk: Walk) -> None:
    shown = set(re.findall(r"^FIRING (\w+)", DOCUMENT, re.MULTILINE))
    fired = set(re.findall(r"^FIRING (\w+)", walk.answer("retold demo --plain --worlds http"), re.MULTILINE))

    assert shown & fired
    for alert in shown | fired:
        assert (ROOT / "dashboards" / "runbooks" / f"{alert}.md").exists()


def test_nothing_is_left(walk: Walk) -> None:
    assert walk.left == []

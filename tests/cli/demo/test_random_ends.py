"""A signal to the demo, or to any process of it, at any moment: what ends leaves nothing, and what can go on does.

Each case is a run: one for each signal and target, at moments that a seed chooses. `--ends 50` tries fifty, and
`--ends-seed` other moments.
"""

import fcntl
import json
import os
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from pathlib import Path
from random import Random

import pytest

from tests.cli.demo.running import Demo, Files, wait_until

AT_ONCE = 2
"""Runs at a time: mostly they wait."""
DOCUMENTED = {
    *("upstream.json", "llm.json", "locker.json", "printer.json"),
    *("papers.db", "spans.jsonl", "metrics.txt", "summary.json"),
}
"""All that a run may leave."""
OPTIONS = ("--rate=60", "--incident-at=0.3", "--incident-for=1.2")
_BEGUN = "Ctrl-C ends it"
_END = r"ended with status -?\d+( before the run did|, so its counts are not whole|\.)|ended before the load began"
_ONE_LINE = rf"retold demo: the [\w ]+ ({_END})\n"


class Target(StrEnum):
    DEMO = "demo"
    WORLD = "world"
    WORKER = "worker"
    JANITOR = "janitor"


class Moment(StrEnum):
    """When the signal comes: some random time after this."""

    BEFORE = "it was started"
    STARTING = "its first process was started"
    LOAD = "the load began"
    ENDING = "it was asked to end"


@dataclass(frozen=True)
class Case:
    """A signal at a random moment."""

    number: signal.Signals
    target: Target
    moment: Moment
    after: float
    workers: int
    choice: float
    """Which one of several targets, from 0 to 1; and how long the load lasts of a run that is asked to end."""

    def __str__(self) -> str:
        who = self.target if self.workers else f"{self.target}-without-workers"
        return f"{self.number.name}-{who}-{1000 * self.after:.0f}-ms-after-{self.moment.replace(' ', '-')}"


_LONGEST = {Moment.BEFORE: 0.6, Moment.STARTING: 1.0, Moment.LOAD: 2.0, Moment.ENDING: 0.5}
_WAYS = list(product((signal.SIGKILL, signal.SIGTERM, signal.SIGINT), Target))


def cases(number: int, seed: int) -> list[Case]:
    """So many: all signals to all targets equally often, and each of those equally often at all moments."""
    chance = Random(seed)
    chosen = []
    for index in range(number):
        turn, way = divmod(index, len(_WAYS))
        sent, target = _WAYS[way]
        moment = list(Moment)[(turn + way + seed) % len(Moment)]
        workers = 0 if target in (Target.DEMO, Target.WORLD) and chance.random() < 0.4 else 2
        after = chance.uniform(0, _LONGEST[moment])
        chosen.append(Case(sent, target, moment, after, workers, chance.random()))
    return chosen


class Run:
    """A demo whose processes can all be found by what they have in their environment.

    Attributes:
        temporary: The system's folder for temporary files, as they see it.
    """

    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        self.temporary = folder / "temporary"
        self.temporary.mkdir(parents=True)
        self._mark = f"TMPDIR={self.temporary}".encode()
        workers = [f"--workers={case.workers}"] if case.workers else []
        self.demo = Demo(folder / "run", *OPTIONS, *workers, TMPDIR=str(self.temporary))

    def reach_the_moment(self) -> None:
        match self.case.moment:
            case Moment.BEFORE:
                pass
            case Moment.STARTING:
                wait_until(lambda: len(self.processes()) > 1, 30)
            case Moment.LOAD:
                self.demo.wait_for_line(_BEGUN)
            case Moment.ENDING:
                self.demo.wait_for_line(_BEGUN)
                time.sleep(self.case.choice)
                self.demo.process.terminate()
        time.sleep(self.case.after)

    def send(self) -> bool:
        """Send the signal; there may be nobody any more who could get it."""
        wait_until(lambda: bool(self._targets()) or self.demo.process.poll() is not None, 30)
        targets = sorted(self._targets())
        if not targets:
            return False
        try:
            os.kill(targets[int(self.case.choice * len(targets))], self.case.number)
        except ProcessLookupError:
            return False
        return True

    def processes(self) -> list[int]:
        """All that are left of it."""
        return [int(each) for each in os.listdir("/proc") if each.isdecimal() and self._mark in _environment(each)]

    def _targets(self) -> list[int]:
        demo = self.demo
        match self.case.target:
            case Target.DEMO:
                return [demo.process.pid] if demo.process.poll() is None else []
            case Target.WORLD:
                return demo.worlds
            case Target.WORKER:
                return demo.workers
            case Target.JANITOR:
                return list({*self.processes()} - {demo.process.pid, *demo.worlds, *demo.workers})


def _environment(process: str) -> list[bytes]:
    try:
        return Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def try_one(case: Case, folder: Path) -> None:
    """Start a demo, send the signal, and see how it ends and what is left."""
    run = Run(case, folder)
    with run.demo as demo:
        run.reach_the_moment()
        was_sent = run.send()
        if case.target is not Target.DEMO:
            time.sleep(0.5)  # in which it may end, or go on
            demo.process.terminate()
        status = demo.end()

        see_that_nothing_is_left(run)
        see_how_it_ended(run, status, was_sent)


def see_how_it_ended(run: Run, status: int, was_sent: bool) -> None:
    case, demo = run.case, run.demo
    if case.target is Target.DEMO and was_sent and case.number is signal.SIGKILL:
        assert (status, demo.errors) == (-signal.SIGKILL, "")
    elif not demo.folder.exists():
        # Before it had anything to end the signal ended it, and maybe before any of our code could say how.
        assert status in (0, -case.number)
        assert demo.errors == "" or (case.number is signal.SIGINT and demo.errors.endswith("\nKeyboardInterrupt\n"))
    elif case.target is Target.WORLD and case.number is not signal.SIGINT and was_sent:
        if case.moment is Moment.ENDING and status == 0:
            assert demo.errors == ""
        else:
            assert status == 1
            assert re.fullmatch(_ONE_LINE, demo.errors)
    else:
        assert (status, demo.errors) == (0, "")
        assert Files(demo.folder).summary["agree"]


def see_that_nothing_is_left(run: Run) -> None:
    wait_until(lambda: run.processes() == [])
    assert not list(run.temporary.iterdir())
    folder = run.demo.folder
    if not folder.exists():
        return
    left = {path.name for path in folder.iterdir()}
    assert left <= DOCUMENTED
    for name in left:
        if name.endswith(".json"):
            json.loads((folder / name).read_text())
    if "spans.jsonl" in left:
        assert all("trace_id" in span["context"] for span in Files(folder).spans)
    if "papers.db" in left:
        with closing(sqlite3.connect(folder / "papers.db", timeout=0)) as store:
            store.execute("begin exclusive")
            assert store.execute("pragma integrity_check").fetchall() == [("ok",)]
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(opened)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = metafunc.config.option
    metafunc.parametrize("case", cases(chosen.ends, chosen.ends_seed), ids=str)


@pytest.fixture(scope="module")
def ends(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Case, Future[None]]]:
    """What comes of each case that is asked for: they run some at a time, whatever order they are asked in."""
    asked = [item.callspec.params["case"] for item in request.session.items if item.path == request.path]  # type: ignore[attr-defined]
    with ThreadPoolExecutor(AT_ONCE) as executor:
        yield {case: executor.submit(try_one, case, tmp_path_factory.mktemp("end")) for case in asked}
        executor.shutdown(cancel_futures=True)  # where somebody has interrupted the tests


def test_a_signal_at_any_moment_leaves_nothing(case: Case, ends: dict[Case, Future[None]]) -> None:
    ends[case].result()

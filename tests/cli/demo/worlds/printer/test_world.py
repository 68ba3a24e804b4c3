"""The world of hardware: a line on which anything may happen, and each label printed once."""

import fcntl
import os
import pty
import select
import signal
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Queue

import pytest

from retold.cli.demo.clock import StoppableClock, Stopped
from retold.cli.demo.worlds.held import WorldError
from retold.cli.demo.worlds.printer import labels as module
from retold.cli.demo.worlds.printer.answers import PRINTING
from retold.cli.demo.worlds.printer.labels import (
    ANSWER_TIMEOUT,
    GarbledError,
    Labels,
    PrinterBusyError,
    PrinterGoneError,
    PrinterSilentError,
)
from retold.cli.demo.worlds.printer.line import framed, garbled, mark
from retold.cli.demo.worlds.printer.world import PrinterWorld
from retold.testing import MemoryExporter
from tests.cli.demo.worlds.playing import play, setting

OPERATION = "labels.print"


@contextmanager
def answering(folder: Path, *answers: bytes) -> Iterator[Path]:
    """A printer that says these answers, one to each frame, and nothing after them."""
    side, other = pty.openpty()
    tty.setraw(other)
    path = folder / "printer"
    mark(other, path)
    path.symlink_to(os.ttyname(other))

    is_over = threading.Event()

    def answer() -> None:
        left = list(answers)
        while left and not is_over.is_set():
            if select.select([side], [], [], 0.05)[0] and os.read(side, 4096).endswith(b"\n"):
                os.write(side, left.pop(0))

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield path
    finally:
        is_over.set()
        thread.join()
        os.close(side)
        os.close(other)


async def test_every_label_is_printed_once_whatever_happens_on_the_line(tmp_path: Path) -> None:
    played = await play(PrinterWorld, setting(tmp_path, failure_rate=0.5), papers=40)

    count, frames = played.operations[OPERATION], played.counts.requests["labels"]
    printed = sum(frames.get(answer, 0) for answer in PRINTING)
    assert 0 < count.calls["success"] <= printed <= count.calls.total() == 40
    assert played.counts.total <= count.attempts.total()
    assert frames["ok_again"] > 0
    assert count.calls.keys() <= {"success", "attempts_exhausted", "deadline_exceeded"}
    told = (
        f"{count.calls['success']} calls know of their label and {printed} labels were printed, each once; "
        f"{played.counts.total} of {count.attempts.total()} attempts came through to the printer"
    )
    assert (played.verdict.agree, played.verdict.told) == (True, told)
    assert played.verdict.answers == {OPERATION: frames}
    assert os.listdir(tmp_path) == ["printer.json"]


async def test_a_printer_that_is_well_prints_what_it_is_asked_for(tmp_path: Path) -> None:
    played = await play(PrinterWorld, setting(tmp_path), papers=25)

    frames, attempts = played.counts.requests["labels"], played.operations[OPERATION].attempts
    assert frames["ok"] == played.operations[OPERATION].calls["success"] == 25
    # Whatever else the machine does may have kept the printer from answering in time.
    assert attempts.total() == 25 + frames.get("ok_again", 0)


@pytest.mark.parametrize(
    "frames",
    [{"ok": 3}, {"ok": 1}, {"ok": 2, "busy": 1}],
    ids=["too many labels", "too few labels", "too many frames"],
)
async def test_a_difference_is_called_a_bug(tmp_path: Path, frames: dict[str, int]) -> None:
    played = await play(PrinterWorld, setting(tmp_path), papers=2)
    played.operations[OPERATION].attempts.clear()
    played.operations[OPERATION].attempts["success"] = 2

    verdict = played.world.compare(replace(played.counts, requests={"labels": frames}), played.operations)

    assert not verdict.agree
    assert verdict.told.startswith("2 calls know of their label and ")
    assert verdict.told.endswith(" frames of 2 attempts: they differ, which is a bug")


def test_a_device_that_is_killed_leaves_no_link(tmp_path: Path) -> None:
    with PrinterWorld(setting(tmp_path)) as world:
        world.wait_until_ready()
        os.kill(world._held.pid, signal.SIGKILL)
        os.waitid(os.P_PID, world._held.pid, os.WEXITED | os.WNOWAIT)

        with pytest.raises(WorldError, match="the label printer has ended with status -9"):
            world.check()
        assert (tmp_path / "printer").is_symlink()

    assert not (tmp_path / "printer").is_symlink()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (framed("BUSY 17"), PrinterBusyError),
        (framed("BAD"), GarbledError),
        (garbled(framed("OK 17")), GarbledError),
        (framed("OK 16"), PrinterSilentError),
        (framed("OK 17")[:-1], PrinterSilentError),
    ],
)
def test_a_failure_is_called_what_it_is(
    tmp_path: Path, answer: bytes, error: type[Exception], retold_events: MemoryExporter
) -> None:
    with answering(tmp_path, *7 * [answer]) as path:
        with pytest.raises(error):
            Labels(path).print(17, "Paper 17")

    retold_events.assert_calls(OPERATION, "attempts_exhausted", attempts=7)


def test_late_answers_to_earlier_questions_are_passed_over(tmp_path: Path, retold_events: MemoryExporter) -> None:
    answers = framed("OK 15") + framed("BUSY 16") + framed("OK 17")

    with answering(tmp_path, answers) as path:
        Labels(path).print(17, "Paper 17")

    retold_events.assert_calls(OPERATION, "success", attempts=1)


@pytest.mark.parametrize("name", ["printer", "file"])  # the second is no terminal
def test_a_printer_that_is_not_there_is_gone(tmp_path: Path, name: str, retold_events: MemoryExporter) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(PrinterGoneError):
        Labels(tmp_path / name).print(17, "Paper 17")

    retold_events.assert_calls(OPERATION, "attempts_exhausted", attempts=7)


def test_another_s_terminal_under_the_name_of_a_killed_printer_is_not_printed_on(tmp_path: Path) -> None:
    with answering(tmp_path, framed("OK 17")) as path:
        (tmp_path / "killed").symlink_to(os.readlink(path))

        with pytest.raises(PrinterGoneError, match="its terminal is another's by now"):
            Labels(tmp_path / "killed").print(17, "Paper 17")
        Labels(path).print(17, "Paper 17")


def test_a_printer_that_hangs_up_is_gone(tmp_path: Path) -> None:
    side, other = pty.openpty()
    tty.setraw(other)
    path = tmp_path / "printer"
    mark(other, path)
    path.symlink_to(os.ttyname(other))

    def hang_up() -> None:
        os.read(side, 4096)
        # First, as the device does: the system soon gives the terminal's name to another one.
        path.unlink()
        os.close(side)
        os.close(other)

    thread = threading.Thread(target=hang_up)
    thread.start()
    with pytest.raises(PrinterGoneError):
        Labels(path).print(17, "Paper 17")
    thread.join()


def test_processes_queue_for_the_printer_too(tmp_path: Path) -> None:
    other = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with answering(tmp_path, framed("OK 17")) as path:
        printing = threading.Thread(target=lambda: Labels(path).print(17, "Paper 17"))
        printing.start()
        printing.join(2 * ANSWER_TIMEOUT)
        assert printing.is_alive()

        os.close(other)
        printing.join(5)

    assert not printing.is_alive()


def test_whoever_queues_for_the_printer_stops_when_all_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StoppableClock()
    monkeypatch.setattr(module, "CLOCK", clock)
    ended: Queue[BaseException] = Queue()

    def printing(labels: Labels) -> Callable[[], None]:
        def run() -> None:
            try:
                labels.print(17, "Paper 17")
            except (Stopped, OSError) as error:
                ended.put(error)

        return run

    labels = Labels(tmp_path / "printer")
    with labels._own_turn():
        queueing = threading.Thread(target=printing(labels))
        queueing.start()
        time.sleep(2 * ANSWER_TIMEOUT)
        assert ended.empty()
        clock.stop()
        assert isinstance(ended.get(timeout=5), Stopped)
        queueing.join()
    printing(labels)()

    assert isinstance(ended.get(timeout=5), Stopped)

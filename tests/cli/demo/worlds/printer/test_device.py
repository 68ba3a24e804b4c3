"""The demo's label printer: what it promises to whoever has opened its line, and to whoever counts."""

import os
import select
import time
import tty
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from retold.cli.demo.worlds.printer.answers import PRINTING, Answer, choices
from retold.cli.demo.worlds.printer.line import LENGTH_LIMIT_BYTES, framed, words_of
from tests.cli.demo.running import wait_until
from tests.cli.demo.worlds.processes import Process

FAILING = "--failure-rate=1"


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    line = os.open(folder / "printer", os.O_RDWR | os.O_NOCTTY)
    try:
        tty.setraw(line)
        yield line
    finally:
        os.close(line)


def heard(line: int, seconds: float = 5.0) -> bytes:
    """What the printer says next: a line, or nothing within so many seconds."""
    said, end = b"", time.monotonic() + seconds
    while select.select([line], [], [], max(0.0, end - time.monotonic()))[0]:
        some = os.read(line, 1)
        said += some
        if some in (b"", b"\n"):  # a hangup, or the end of the line
            break
    return said


def asked(line: int, number: int, seconds: float = 5.0) -> str | None:
    """The answer to a frame that asks for a label; None if it was garbled, empty if there was none."""
    os.write(line, framed(f"PRINT {number} Paper {number}"))
    said = heard(line, seconds)
    return words_of(said) if said else ""


def seed_that_gets(answer: Answer) -> str:
    """The option for a seed with which the first frame gets this answer when every frame fails."""
    return next(f"--seed={seed}" for seed in count() if choices(seed).answer("labels", 1.0) is answer)


def counted(world: Process, frames: int = 0) -> dict[str, int]:
    """What a printer of any seed has counted, after its end, which comes when so many frames have."""
    wait_until(lambda: world.counts()["total"] >= frames)
    assert world.process.communicate(timeout=5) == ("", "")
    return dict(world.counts()["requests"].get("labels", {}))


def test_prints_a_label_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    with Process("printer.device", tmp_path) as world:
        with opened(tmp_path) as line:
            assert [asked(line, number) for number in (17, 18, 17)] == ["OK 17", "OK 18", "OK 17"]

        assert counted(world) == {"ok": 2, "ok_again": 1}


@pytest.mark.parametrize(
    ("answer", "said"),
    [(Answer.GARBLED, None), (Answer.BUSY, "BUSY 17"), (Answer.BAD, "BAD"), (Answer.LATE, "OK 17")],
)
def test_an_answer_is_what_its_name_says(tmp_path: Path, answer: Answer, said: str | None) -> None:
    with Process("printer.device", tmp_path, FAILING, seed_that_gets(answer)) as world:
        with opened(tmp_path) as line:
            began = time.monotonic()
            assert asked(line, 17) == said
            assert answer is not Answer.LATE or time.monotonic() - began >= 0.04

        assert counted(world) == {answer: 1}


def test_what_is_dropped_is_not_answered(tmp_path: Path) -> None:
    with Process("printer.device", tmp_path, FAILING, seed_that_gets(Answer.DROPPED)) as world:
        with opened(tmp_path) as line:
            assert asked(line, 17, seconds=0.1) == ""

        assert counted(world, frames=1) == {"dropped": 1}


def test_vanishes_and_comes_back_under_the_same_path(tmp_path: Path) -> None:
    options = (FAILING, seed_that_gets(Answer.GONE), "--gone=0.2")
    with Process("printer.device", tmp_path, *options) as world:
        with opened(tmp_path) as line:
            assert asked(line, 17) == "", "a hangup is the end of what it says"
            assert not os.path.lexists(tmp_path / "printer")
            with pytest.raises(OSError):
                os.write(line, b"x")

        wait_until((tmp_path / "printer").exists)
        with opened(tmp_path) as line:
            asked(line, 18, seconds=0.1)

        assert sum(counted(world, frames=2).values()) == 2
    assert not os.path.lexists(tmp_path / "printer")


def test_ends_while_it_is_gone(tmp_path: Path) -> None:
    with Process("printer.device", tmp_path, FAILING, seed_that_gets(Answer.GONE), "--gone=3600") as world:
        with opened(tmp_path) as line:
            assert asked(line, 17) == ""

        assert counted(world) == {"gone": 1}
        assert world.process.returncode == 0


def test_does_what_the_seed_says(tmp_path: Path) -> None:
    expected: Counter[str] = Counter()
    printed, chosen = set(), choices(7)
    with Process("printer.device", tmp_path, "--failure-rate=0.5", "--late=0", "--gone=0") as world:
        for number in (n // 2 for n in range(60)):
            answer = chosen.answer("labels", 0.5)
            is_repeated = answer in PRINTING and number in printed
            expected[f"{answer}_again" if is_repeated else answer] += 1
            printed |= {number} if answer in PRINTING else set()

            wait_until((tmp_path / "printer").exists)
            with opened(tmp_path) as line:
                # All else is heard of, were it by a hangup.
                asked(line, number, seconds=0.02 if answer is Answer.DROPPED else 5.0)

        assert counted(world, frames=60) == expected


@pytest.mark.parametrize(
    "garbage",
    [b"\n", b"PRINT 17 Paper 17\n", b"PRINT 17 Paper 17*0000\n", framed("PRINT"), framed("CUT 17"), b"\xff\xfe\n"],
)
def test_what_is_no_frame_is_told_so_and_not_counted(tmp_path: Path, garbage: bytes) -> None:
    with Process("printer.device", tmp_path) as world:
        with opened(tmp_path) as line:
            os.write(line, garbage)
            assert words_of(heard(line)) == "BAD"

        assert counted(world) == {}


def test_what_has_no_end_is_forgotten_and_what_comes_in_pieces_is_not(tmp_path: Path) -> None:
    frame = framed("PRINT 17 Paper 17")
    with Process("printer.device", tmp_path) as world:
        with opened(tmp_path) as line:
            os.write(line, b"x" * 10 * LENGTH_LIMIT_BYTES + b"\n")
            assert words_of(heard(line)) == "BAD"
            for place in range(len(frame)):
                os.write(line, frame[place : place + 1])
            assert words_of(heard(line)) == "OK 17"
            os.write(line, frame + framed("PRINT 18 Paper 18"))
            assert [words_of(heard(line)) for _ in range(2)] == ["OK 17", "OK 18"]

        assert counted(world) == {"ok": 2, "ok_again": 1}


def test_bears_clients_that_read_nothing(tmp_path: Path) -> None:
    with Process("printer.device", tmp_path) as world:
        with opened(tmp_path) as line:
            for number in range(2000):
                os.write(line, framed(f"PRINT {number} Paper {number}"))
            wait_until(lambda: sum(world.counts()["requests"].get("labels", {}).values()) == 2000)

        assert counted(world) == {"ok": 2000}

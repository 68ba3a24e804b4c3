"""However and whenever the demo is ended: no child is left, no line is torn, no traceback is shown."""

import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.cli.demo.running import Demo, Files, wait_until

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LEFT = {"upstream.json", "llm.json", "locker.json", "printer.json", "papers.db", "spans.jsonl"}
_MANY_ASLEEP = r" \d?[1-9]\d of +\d+ asleep"
OUTAGE = ("--failure-rate=1", "--rate=60")


def during_load(demo: Demo) -> None:
    demo.wait_for_line(" 2 s .*calls ended")


def during_outage(demo: Demo) -> None:
    demo.wait_for_line(_MANY_ASLEEP)


def during_linger(demo: Demo) -> None:
    demo.wait_for_line("serving /metrics for another 60 s")


def before_the_load(demo: Demo) -> None:
    wait_until(lambda: len(demo.worlds) == 4)


@pytest.mark.parametrize(
    ("moment", "options"),
    [
        (before_the_load, ()),
        (during_load, ()),
        (during_outage, OUTAGE),
        (during_linger, ("--duration=0.5", "--linger=60")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_signal_ends_it_in_order(tmp_path: Path, moment: Callable[[Demo], None], options: tuple[str, ...]) -> None:
    with ExitStack() as running:
        demos = [running.enter_context(Demo(tmp_path / number.name, *options)) for number in SIGNALS]
        for demo in demos:
            moment(demo)
        sent = time.monotonic()
        statuses = [demo.end(number) for demo, number in zip(demos, SIGNALS, strict=True)]
        assert time.monotonic() - sent < 10  # for both of them; a call under way has 0.5 s at most

        assert statuses == [0, 0]
        for demo in demos:
            assert demo.errors == ""
            assert demo.worlds == []
            files = Files(demo.folder)
            assert files.summary["agree"]
            assert files.summary["spans"] == files.summary["spans"] | {"delivered": len(files.spans), "lost": 0}
            assert re.search(r"^ *papers.fetch +\d+ ", demo.output, re.MULTILINE)


@pytest.mark.parametrize(
    ("number", "library"),
    [
        (signal.SIGINT, "prometheus_client"),
        (signal.SIGTERM, "httpx"),
        (signal.SIGINT, "opentelemetry.sdk.trace"),
        (signal.SIGTERM, "rich.console"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_signal_while_libraries_are_loaded_ends_it_at_once(
    tmp_path: Path, number: signal.Signals, library: str
) -> None:
    with Demo(tmp_path, before=("-X", "importtime")) as demo:
        wait_until(lambda: re.search(rf"\| +{library}\n", demo.errors) is not None)

        assert demo.end(number) == 0

        assert "Traceback" not in demo.errors
        assert demo.worlds == []


def test_ctrl_c_before_it_has_begun_shows_no_traceback(tmp_path: Path) -> None:
    with Demo(tmp_path, before=("-X", "importtime")) as demo:
        wait_until(lambda: re.search(r"\| +retold.cli.dashboards\n", demo.errors) is not None)

        # By the signal itself, or, should it have begun meanwhile, as while its libraries are loaded.
        assert demo.end(signal.SIGINT) in (-signal.SIGINT, 0)

        assert "Traceback" not in demo.errors


def test_its_worlds_end_within_two_seconds_of_a_sigkill_and_whole_lines_stay(tmp_path: Path) -> None:
    with Demo(tmp_path, "--rate=100") as demo:
        demo.wait_for_line(" 2 s ")
        assert len(demo.worlds) == 4

        demo.end(signal.SIGKILL)

        assert wait_until(lambda: demo.worlds == []) < 2
    assert len(Files(tmp_path).spans) > 100
    # Neither a link to a device nor anything unfinished; and nobody has the store any more.
    assert {path.name for path in tmp_path.iterdir()} == LEFT
    with closing(sqlite3.connect(tmp_path / "papers.db", timeout=0)) as store:
        store.execute("begin exclusive")


def test_a_reader_that_leaves_ends_it(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo:
        assert demo.process.stdout
        head = [demo.process.stdout.readline() for _ in range(7)]
        demo.process.stdout.close()

        assert demo.process.wait(timeout=30) == 0

        assert "calls ended" in head[6]
        assert demo.errors == ""
        assert demo.worlds == []


def test_a_reader_that_leaves_before_the_first_line_ends_it(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo:
        assert demo.process.stdout
        demo.process.stdout.close()

        assert (demo.process.wait(timeout=30), demo.errors) == (0, "")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("upstream.json", "upstream"),
        ("llm.json", "language model"),
        ("locker.json", "locker of the store"),
        ("printer.json", "label printer"),
    ],
)
def test_the_end_of_a_world_is_told_and_ends_it(tmp_path: Path, file: str, name: str) -> None:
    with Demo(tmp_path, "--rate=100") as demo:
        demo.wait_for_line(" 1 s ")
        world = demo.world(file)
        assert world
        os.kill(world, signal.SIGKILL)

        assert demo.end() == 1

        assert demo.errors == f"retold demo: the {name} has ended with status -9 before the run did\n"
        assert "differ" not in demo.output
        assert demo.worlds == []
    assert not (tmp_path / "printer").is_symlink()

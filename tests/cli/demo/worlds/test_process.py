"""What the process of every world promises to whoever started it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.demo.running import wait_until
from tests.cli.demo.worlds.processes import Process, command

MODULES = ("http.server", "llm.server", "store.locker", "printer.device")
LEFT = {"store.locker": {"counts.json", "papers.db"}}

PARENT = """
import signal, subprocess, sys

world = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
world.stdout.readline()
print(world.pid, flush=True)
signal.pause()
"""


def left(module: str) -> set[str]:
    """What a process that is over leaves in its folder."""
    return LEFT.get(module, {"counts.json"})


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A zombie whose parent has been killed before may stay one where nobody reaps.
    return b"\nState:\tZ" in Path(f"/proc/{pid}/status").read_bytes()


@pytest.mark.parametrize("module", MODULES)
def test_ends_with_its_stdin_and_leaves_nothing_but_files_to_read(tmp_path: Path, module: str) -> None:
    with Process(module, tmp_path) as world:
        assert world.end() == {}

    assert {path.name for path in tmp_path.iterdir()} == left(module)


@pytest.mark.parametrize("module", MODULES)
def test_ends_at_sigterm_and_ignores_sigint(tmp_path: Path, module: str) -> None:
    with Process(module, tmp_path) as world:
        world.process.send_signal(signal.SIGINT)
        world.process.terminate()

        assert world.process.wait(timeout=5) == 0
        assert world.end() == {}

    assert {path.name for path in tmp_path.iterdir()} == left(module)


@pytest.mark.parametrize("module", MODULES)
def test_dies_with_a_parent_that_is_killed(tmp_path: Path, module: str) -> None:
    start = [sys.executable, "-c", PARENT, *command(module, tmp_path)]
    with subprocess.Popen(start, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        world = int(parent.stdout.readline())

        parent.kill()

        wait_until(lambda: is_gone(world))
    assert {path.name for path in tmp_path.iterdir()} == left(module)


@pytest.mark.parametrize("module", MODULES)
def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path, module: str) -> None:
    start = command(module, tmp_path / "missing")

    ended = subprocess.run(start, input="", capture_output=True, text=True, timeout=10)

    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert str(tmp_path / "missing") in ended.stderr


@pytest.mark.parametrize("module", MODULES)
def test_outlives_no_parent_that_left_before_it_was_ready(tmp_path: Path, module: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)

    start = command(module, tmp_path)
    ended = subprocess.run(start, input=b"", stdout=write_end, stderr=subprocess.PIPE, timeout=10)
    os.close(write_end)

    assert (ended.returncode, ended.stderr) == (0, b"")


def test_rejects_a_stdin_that_cannot_end_it(tmp_path: Path) -> None:
    start = command("http.server", tmp_path)

    ended = subprocess.run(start, stdin=subprocess.DEVNULL, capture_output=True, timeout=10)

    assert ended.returncode == 2
    assert b"stdin must be a pipe" in ended.stderr


@pytest.mark.parametrize(
    ("module", "wrong"),
    [
        ("http.server", "--failure-rate=1.1"),
        ("http.server", "--failure-rate=often"),
        ("http.server", "--stall=-1"),
        ("http.server", "--stall=nan"),
        ("http.server", "--seed=x"),
        ("http.server", "--incident-at=5"),
        ("store.locker", "--incident-for=5"),
        ("llm.server", "--requests-per-second=0"),
        ("llm.server", "--tokens-per-second=inf"),
        ("printer.device", "--late=-1"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, module: str, wrong: str) -> None:
    ended = subprocess.run(command(module, tmp_path, wrong), input="", capture_output=True, text=True, timeout=10)

    assert ended.returncode == 2
    assert wrong.partition("=")[0] in ended.stderr

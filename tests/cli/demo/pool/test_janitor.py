"""A folder that nobody's end leaves behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from retold.cli.demo.pool.janitor import temporary
from tests.cli.demo.running import wait_until

PARENT = """
import signal, subprocess, sys
from pathlib import Path
from retold.cli.demo.pool.janitor import temporary

with temporary(Path(sys.argv[1])) as held:
    user = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], pass_fds=[held])
    print(user.pid, flush=True)
    signal.pause()
"""


def test_the_folder_and_what_is_in_it_are_gone_with_the_context(tmp_path: Path) -> None:
    folder = tmp_path / "-rf folder"

    with temporary(folder):
        (folder / "file").touch()

    assert not folder.exists()


def test_a_janitor_that_is_killed_is_not_needed(tmp_path: Path) -> None:
    with temporary(tmp_path / "folder"):
        os.kill(janitor_of(tmp_path / "folder"), signal.SIGKILL)

    assert not (tmp_path / "folder").exists()


def test_a_folder_that_cannot_be_made_leaves_no_janitor(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        with temporary(tmp_path / "missing" / "folder"):
            raise AssertionError

    assert janitors_of(tmp_path / "missing" / "folder") == []


def test_the_folder_stays_as_long_as_somebody_uses_it_and_no_longer(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        user = int(parent.stdout.readline())
        janitor = janitor_of(folder)
        wait_until(lambda: signal.SIGTERM in ignored_by(janitor))

        parent.kill()
        parent.wait()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(janitor, number)
        assert folder.exists()

        os.kill(user, signal.SIGKILL)
        wait_until(lambda: not folder.exists())


def janitor_of(folder: Path) -> int:
    wait_until(lambda: bool(janitors_of(folder)))  # one that has only just begun may not show what it is yet
    return janitors_of(folder)[0]


def janitors_of(folder: Path) -> list[int]:
    sought = b"\0sh\0" + os.fsencode(folder) + b"\0"
    return [pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if sought in command_line(pid)]


def ignored_by(pid: int) -> set[int]:
    found = re.search(r"^SigIgn:\t(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return {number for number in signal.valid_signals() if int(found[1], 16) >> (number - 1) & 1}


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""

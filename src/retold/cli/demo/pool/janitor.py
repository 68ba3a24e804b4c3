"""Removes a folder when everybody who holds its pipe has ended, in whatever way: a process that does nothing else."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A shell, for it takes a hundredth of the time of an interpreter.
_WAIT_AND_REMOVE = 'trap "" HUP INT TERM; read -r _; rm -rf -- "$1"'


@contextmanager
def temporary(folder: Path) -> Iterator[int]:
    """Make a folder that is gone when the context ends, or after this process has been killed.

    Yields:
        A descriptor for the processes that use the folder: as long as one of them has it, it stays.
    """
    with subprocess.Popen(
        ["/bin/sh", "-c", _WAIT_AND_REMOVE, "sh", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as janitor:
        assert janitor.stdin
        try:
            folder.mkdir()
            yield janitor.stdin.fileno()
        finally:
            # Not by the janitor: somebody may have killed it.
            shutil.rmtree(folder, ignore_errors=True)
            janitor.kill()

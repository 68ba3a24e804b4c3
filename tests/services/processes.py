"""Programs that run as long as a test needs them."""

import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

POLL_INTERVAL = 0.05
_PORTS_TO_TRY = 5


@contextmanager
def started(command: list[str], folder: Path) -> Generator[subprocess.Popen[bytes], None, None]:
    """A process with `folder` to work in, where what it says goes to `log`; ended at the end."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def serve(command: Callable[[Path], list[str]], answers: Callable[[Path], bool]) -> ExitStack:
    """Start a server, on other ports if somebody else took those; what it returns ends it.

    Args:
        command: Chooses free ports and says how to start on them, with a folder of its own.
        answers: Whether the server that works in that folder answers.

    Raises:
        RuntimeError: It ended, or did not answer within 30 seconds.
    """
    for _ in range(_PORTS_TO_TRY):
        with ExitStack() as attempt:
            folder = Path(attempt.enter_context(TemporaryDirectory(prefix="service-"))).resolve()
            process = attempt.enter_context(started(command(folder), folder))
            if _becomes_ready(process, folder, answers):
                return attempt.pop_all()
    raise RuntimeError(f"{_PORTS_TO_TRY} times somebody else took the ports of {command!r}")


def _becomes_ready(process: subprocess.Popen[bytes], folder: Path, answers: Callable[[Path], bool]) -> bool:
    """Wait until the server answers; False if a port was taken by somebody else."""
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        if answers(folder):
            return True
        time.sleep(POLL_INTERVAL)
    said = (folder / "log").read_text()
    if "address already in use" in said.lower():
        return False
    raise RuntimeError(f"{process.args!r} did not become ready: {said}")

"""A writer of the store that is killed in the middle of a transaction."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WRITER = """
import signal, sqlite3, sys

store = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
store.execute("begin immediate")
store.execute("insert into papers values (17, 'Paper 17', null)")
print("written", flush=True)
signal.pause()
"""


@contextmanager
def interrupted_writer(folder: Path) -> Iterator[None]:
    """It has written and not committed; it is killed when the context ends."""
    command = [sys.executable, "-c", _WRITER, str(folder / "papers.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "written\n"
        assert (folder / "papers.db-journal").exists()
        yield
        writer.kill()

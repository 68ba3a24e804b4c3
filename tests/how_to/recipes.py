"""The recipes as they are written, run in processes of their own."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from tests.services.http import Answer, answering
from tests.services.otlp import OtlpSink

DOCUMENT = Path(__file__).parents[2] / "docs" / "how-to" / "processes.md"
BIN = Path(sys.executable).parent
PAGE = b"paper"

direct = build_opener(ProxyHandler({}))


def write_files(folder: Path) -> None:
    """Write every file of the document, whose name is its first line."""
    for name, text in re.findall(r"```python\n# (\S+)\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL):
        (folder / name).write_text(text, encoding="utf-8")


def command(beginning: str, **exchanged: str) -> list[str]:
    """The command of the document that starts with these words, without variables; some words exchanged."""
    [line] = re.findall(rf"^(?:\w+=\S+ )*({beginning} .*)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    words = [exchanged.get(word, word) for word in str(line).split()]
    assert set(exchanged.values()) <= set(words)
    return [str(BIN / words[0]), *words[1:]]


@contextmanager
def upstream() -> Iterator[str]:
    """The address of a server that refuses every other request for the same path and query."""
    turns: Counter[str] = Counter()

    def answer(path: str) -> Answer:
        turns[path] += 1
        return Answer(503 if turns[path] % 2 else 200, PAGE)

    with answering(answer) as url:
        yield f"{url}/"


class Running:
    """A recipe's process: its variables, its end, and what it said."""

    def __init__(
        self, arguments: list[str], folder: Path, address: str, sink: OtlpSink | None = None, **variables: str
    ) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RETOLD_", "OTEL_"))}
        self._said = (folder / "said.txt").open("wb")
        self.env = {
            **inherited,
            "NO_PROXY": "127.0.0.1",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_METRIC_EXPORT_INTERVAL": "100",
            "UPSTREAM": address,
            **({} if sink is None else {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.http_endpoint}),
            **variables,
        }
        self._folder = folder
        self._process = subprocess.Popen(
            arguments, cwd=folder, env=self.env, stdout=self._said, stderr=subprocess.STDOUT, start_new_session=True
        )

    def said(self) -> str:
        return (self._folder / "said.txt").read_text(errors="replace")

    def is_running(self) -> bool:
        return self._process.poll() is None

    def end(self, timeout: float = 30) -> int:
        """Ask it to end, and wait until it has."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout)

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_running():
            os.killpg(self._process.pid, signal.SIGKILL)  # it and its workers: a session of its own
            self._process.wait()
        self._said.close()


def get(url: str) -> tuple[bytes, str]:
    """The page and the process that served it."""
    with direct.open(url, timeout=10) as response:
        return response.read(), str(response.headers.get("X-Process"))

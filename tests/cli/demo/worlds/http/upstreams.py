"""The demo's upstream as its parent sees it, and as its clients do."""

import itertools
import json
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from retold.cli.demo.worlds.http.answers import Answer, choices

SEED = 7
COMMAND = [sys.executable, "-m", "retold.cli.demo.worlds.http.server"]


class Running:
    """An upstream as its parent sees it: a process with two pipes."""

    def __init__(self, counts: Path, *options: str) -> None:
        self._counts = counts
        command = [*COMMAND, f"--seed={SEED}", f"--counts={counts}", *options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert self.process.stdout
        self.port: int = json.loads(self.process.stdout.readline())["port"]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def client(self, timeout: float = 5.0) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=timeout, trust_env=False)

    def end(self) -> dict[str, dict[str, int]]:
        """End it by its stdin, and return what it counted; it has nothing to say."""
        assert self.process.communicate(timeout=5) == ("", "")
        assert self.process.returncode == 0
        return self.counted()

    def counted(self) -> dict[str, dict[str, int]]:
        counts = json.loads(self._counts.read_text())
        requests: dict[str, dict[str, int]] = counts["requests"]
        assert counts["seed"] == SEED
        assert counts["total"] == sum(sum(answers.values()) for answers in requests.values())
        return requests


def route_that_gets(answer: Answer) -> str:
    """A route whose first request fails with `answer` when every request fails."""
    routes = (f"route{n}" for n in itertools.count())
    return next(route for route in routes if choices(SEED).answer(route, 1.0) is answer)


def is_ok(client: httpx.Client) -> bool:
    try:
        return client.get("/papers/1").is_success
    except httpx.TransportError:
        return False

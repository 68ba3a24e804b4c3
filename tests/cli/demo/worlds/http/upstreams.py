"""The demo's upstream as its clients see it."""

import itertools
import socket
from pathlib import Path

import httpx

from retold.cli.demo.worlds.http.answers import Answer, choices
from tests.cli.demo.worlds.processes import SEED, Process


class Upstream(Process):
    """The upstream's process, and ways to ask it."""

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__("http.server", folder, *options)
        self.port: int = self.ready["port"]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def client(self, timeout: float = 5.0) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=timeout, trust_env=False)


def route_that_gets(answer: Answer) -> str:
    """A route whose first request fails with `answer` when every request fails."""
    routes = (f"route{n}" for n in itertools.count())
    return next(route for route in routes if choices(SEED).answer(route, 1.0) is answer)


def is_ok(client: httpx.Client) -> bool:
    try:
        return client.get("/papers/1").is_success
    except httpx.TransportError:
        return False

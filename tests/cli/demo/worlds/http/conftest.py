"""Upstreams to start, each killed when its test ends unless it has ended."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.demo.worlds.http.upstreams import Running


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def start(*, failure_rate: float = 0.0, stall: float = 0.05, more: tuple[str, ...] = ()) -> Running:
        options = (f"--failure-rate={failure_rate}", f"--stall={stall}", *more)
        running.append(Running(tmp_path / "counts.json", *options))
        return running[-1]

    yield start
    for upstream in running:
        if upstream.process.returncode is None:
            upstream.process.kill()
            upstream.process.communicate()

"""Upstreams to start, each killed when its test ends unless it has ended."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.demo.worlds.http.upstreams import Upstream


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Upstream]]:
    with ExitStack() as running:

        def start(*, failure_rate: float = 0.0, stall: float = 0.05, more: tuple[str, ...] = ()) -> Upstream:
            options = (f"--failure-rate={failure_rate}", f"--stall={stall}", *more)
            return running.enter_context(Upstream(tmp_path, *options))

        yield start

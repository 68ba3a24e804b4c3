from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.cli.doctor.asking import Doctor
from tests.services.http import Answer, answering

Serve: TypeAlias = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that answers everything with a status, a type and a text."""
    with ExitStack() as running:

        def start(body: str, kind: str = "text/plain", status: int = 200) -> str:
            answer = Answer(status, body.encode(), {"Content-Type": kind})
            return running.enter_context(answering(lambda path: answer))

        yield start


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    return Doctor(tmp_path)

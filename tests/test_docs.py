"""The documents: their code runs, and what they point to is there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import struct
import threading
import types
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

import retold
from retold import Policy, telemetry
from retold.contract import KEYS, LOG_EVENTS
from retold.core.options import Options
from retold.dashboards.promql import Part, family
from retold.dashboards.rules import names
from retold.testing import ManualClock
from tests.forms import Failing

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(each for folder in (".", "docs/**", "dashboards/**") for each in ROOT.glob(f"{folder}/*.md"))


def python_in(document: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def down_once() -> Iterator[str]:
    """The address of a server that resets its first connection and answers the second."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        first, _ = listener.accept()
        with first:
            first.recv(4096)
            first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        second, _ = listener.accept()
        with second:
            second.recv(4096)
            second.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\npaper")

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread.join()
    listener.close()


def test_the_first_example_of_the_readme_gets_past_a_reset(down_once: str) -> None:
    example: dict[str, Any] = {"__name__": "example"}
    exec(python_in("README.md")[0], example)

    assert asyncio.run(example["fetch"](down_once)) == b"paper"


def test_the_three_forms_of_the_readme_call_what_they_retry() -> None:
    sent: list[int] = []

    def send(chunk: bytes, number: int) -> int:
        sent.append(number)
        return len(chunk)

    example: dict[str, Any] = {"__name__": "example", "send": send}
    exec(python_in("README.md")[1], example)

    assert sent == [1, 1, 1]
    assert example["value"] == 5
    assert example["report"].outcome is retold.Outcome.SUCCESS


def test_the_exporter_of_the_guide_remembers_the_longest_call_and_keeps_the_rules(clock: ManualClock) -> None:
    example: dict[str, Any] = {"__name__": "example"}
    for part in python_in("docs/how-to/write-an-exporter.md"):
        exec(part, example)

    Policy(on=OSError, backoff=2, operation="shop.fetch", clock=clock).call(Failing(OSError, "page"))

    assert example["slowest"].seconds == {"shop.fetch": 2.0}
    example["test_it_keeps_the_rules"]()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_links_to_is_there(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text(encoding="utf-8"))

    missing = [link for link in links if not (document.parent / link).exists()]

    assert missing == []


def test_the_readme_names_every_metric() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    missing = [metric.prometheus_name for metric in telemetry.METRICS if metric.prometheus_name not in readme]

    assert missing == []


def test_the_readme_tells_every_option() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    options = Options.__annotations__.keys() | {"fallback"}

    assert [option for option in sorted(options) if f"`{option}`" not in readme] == []


def test_the_version_is_the_same_everywhere() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert f'version = "{retold.__version__}"' in project
    assert f"## {retold.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_guide_to_logs_configures_both_libraries(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    policy = Policy(on=OSError, backoff=2, operation="shop.fetch", clock=clock)
    with_logging, with_structlog = python_in("docs/how-to/read-the-logs.md")

    exec(with_logging, {"__name__": "example"})
    policy.call(Failing(OSError, "page"))
    policy.run(Failing(OSError))

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [("ERROR", "retold.call.gave_up")]

    exec(with_structlog, {"__name__": "example"})
    policy.call(Failing(OSError, "page"))
    structlog.reset_defaults()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["level"], line["event"]) for line in lines][-1] == ("info", "retold.call.recovered")


def test_the_guide_to_generators_opens_restarts_and_iterates_inside() -> None:
    down = iter([ConnectionError, ConnectionError])

    class Connection(contextlib.nullcontext[Any]):
        def execute(self, query: str) -> list[str]:
            for error in down:
                raise error
            return [query, query]

    async def subscribe(since: int) -> AsyncIterator[int]:
        yield since
        for error in down:
            raise error
        yield since + 1

    async def followed() -> list[int]:
        return [change async for change in namespace["changes"](7)]

    def fetch(url: str) -> types.SimpleNamespace:
        for error in down:
            raise error
        return types.SimpleNamespace(url=url, next=None if url == "b" else "b")

    def connect() -> Connection:
        made = Connection()
        made.enter_result = made
        return made

    namespace: dict[str, Any] = {"__name__": "example", "connect": connect, "subscribe": subscribe, "fetch": fetch}
    decorated, inside = python_in("docs/how-to/retry-generators.md")
    exec(decorated, namespace)
    exec(inside, namespace)

    assert list(namespace["rows"]("SELECT 1")) == ["SELECT 1", "SELECT 1"]
    down = iter([ConnectionError])
    assert asyncio.run(followed()) == [7, 7, 8]
    down = iter([ConnectionError])
    assert [page.url for page in namespace["pages"]("a")] == ["a", "b"]


def test_the_guide_to_types_has_blocks_that_do_what_they_say() -> None:
    (blocks,) = python_in("docs/how-to/check-types.md")
    namespace: dict[str, Any] = {"__name__": "example", "read": lambda path: path * 2}

    exec(blocks, namespace)

    assert namespace["size_of"]("ab") == 4
    assert namespace["total"](["a", "b"]) == 4
    assert namespace["longest"](["a", "bcd"]) == 6


def test_documents_name_what_is_told_as_it_is_called() -> None:
    series = {family(metric, part) for metric in telemetry.METRICS for part in parts_of(metric)}
    labels = {telemetry.label_name(key) for key in KEYS} | {metric.prometheus_name for metric in telemetry.METRICS}
    recorded = {name for name in vars(names).values() if isinstance(name, str) and name.startswith("job_operation:")}
    dotted = {*KEYS, *(metric.name for metric in telemetry.METRICS), *(event.name for event in LOG_EVENTS)}
    words = {name.split(".")[1] for name in dotted if name.startswith("retold.")} - {"exporter"}
    python = {"retold_clock", "retold_events", "retold.retry"}
    known = series | labels | recorded | dotted | python

    unknown = {
        (document.name, name)
        for document in DOCUMENTS
        for name in re.findall(
            r"job_operation:[a-z_:0-9]+|\bretold_[a-z_]*[a-z]|\bretold\.[a-z_.]*[a-z]",
            document.read_text(encoding="utf-8"),
        )
        # Most names with dots are those of modules and functions.
        if name not in known and (not name.startswith("retold.") or name.split(".")[1] in words)
    }

    assert unknown == set()


def parts_of(metric: telemetry.Metric) -> tuple[Part | None, ...]:
    return ("bucket", "sum", "count") if metric.kind == "histogram" else (None,)

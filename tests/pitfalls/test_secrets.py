"""Observability: statements 49 to 52, secrets, cost, names and contexts."""

import asyncio
import contextlib
import contextvars
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry, generate_latest

import retold
from retold import Exporter, Policy, RetoldWarning
from retold.exporters.console import Console
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk
from tests.forms import ASYNC_FORMS, BLOCK, Failing, Form, drive
from tests.looping import Library
from tests.subprocesses import run


def policy(clock: ManualClock, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "backoff": 2, "operation": "shop.fetch", "clock": clock}
    return Policy(**given | options)


SECRET = "c4n4ry"


@contextlib.contextmanager
def everything_told() -> Iterator[Callable[[], str]]:
    """All backends as they are unless asked otherwise, and all that arrives there."""
    sdk, registry, screen, lines = Sdk(), CollectorRegistry(), io.StringIO(), list[str]()

    class Everything(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{self.format(record)} {vars(record)}")

    def keep(logger: object, level: str, event: MutableMapping[str, Any]) -> str:
        lines.append(json.dumps(dict(event), default=repr))
        raise structlog.DropEvent

    def told() -> str:
        data = sdk.reader.get_metrics_data()
        assert data is not None
        spans = "".join(span.to_json() for span in sdk.spans)
        return "\n".join([spans, data.to_json(), generate_latest(registry).decode(), screen.getvalue(), *lines])

    logger, handler = logging.getLogger("retold"), Everything(logging.DEBUG)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    structlog.configure(processors=[keep])
    backends: list[str | Exporter] = [
        sdk.exporter(metrics=True),
        Prometheus(registry),
        Console(screen),
        "logging",
        "structlog",
    ]
    with retold.configure(exporters=backends):
        yield told
    structlog.reset_defaults()
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(handler)
    sdk.close()


@pytest.mark.parametrize("turns", [(OSError(SECRET),), (OSError(SECRET), SECRET), (ValueError(SECRET),)])
def test_49_arguments_results_and_messages_are_not_told(
    turns: tuple[object, ...], form: Form, clock: ManualClock
) -> None:
    work = Failing(*turns)

    def login(password: str = SECRET) -> Any:
        return work()

    with everything_told() as told:
        with contextlib.suppress(OSError, ValueError):
            form.perform(policy(clock, operation="shop.login"), login)
        text = told()

    assert "shop.login" in text
    assert SECRET not in text


def test_50_a_success_of_which_nobody_hears_leaves_nothing(clock: ManualClock) -> None:
    @policy(clock)
    def fetch(number: int) -> int:
        return number

    @policy(clock)
    async def afetch(number: int) -> int:
        return number

    for use in (fetch, lambda number: drive(afetch(number))):
        for _ in range(100):
            use(1)
        before = sys.getallocatedblocks()
        for _ in range(1000):
            use(1)
        assert abs(sys.getallocatedblocks() - before) < 10


def test_50_its_cost_is_held_below_the_goals() -> None:
    """In instructions, as multiples of a plain closure's: `benchmarks.guard` fails where they grow."""
    guard = json.loads(Path(__file__).parents[2].joinpath("benchmarks/guard.json").read_text())
    held, counted = guard["held"]["3.11"], guard["instructions"]["cases"]

    assert held["success-sync"] == held["success-default"] == 0
    assert counted["success-sync"] <= 0.55
    assert counted["success-keyword"] <= 0.40
    assert counted["success-async"] <= 0.85
    assert counted["success-default"] <= 0.80


def test_50_importing_brings_nothing_along() -> None:
    names = ("asyncio", "opentelemetry", "prometheus_client", "structlog")
    done = run(f"import sys, retold; print([name for name in {names} if name in sys.modules])", untraced=True)

    assert done.lines == ["[]"]


def test_51_every_form_can_be_named(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    form.perform(policy(clock, operation="shop.login"), Failing("page"))

    assert seen.last.operation == "shop.login"


def two_blocks(unnamed: Policy[Any]) -> None:
    for attempt in unnamed:
        with attempt:
            pass
    for attempt in unnamed:
        with attempt:
            pass


async def two_that_await(unnamed: Policy[Any]) -> None:
    async for attempt in unnamed:
        with attempt:
            pass
    async for attempt in unnamed:
        async with attempt:
            pass


@pytest.mark.parametrize("use", [two_blocks, lambda unnamed: drive(two_that_await(unnamed))], ids=["for", "async-for"])
def test_51_two_unnamed_blocks_do_not_share_a_series_in_silence(
    use: Callable[[Policy[Any]], None], clock: ManualClock, seen: MemoryExporter
) -> None:
    with pytest.warns(RetoldWarning, match="has two blocks that share one operation: give their policies an oper"):
        use(Policy(on=OSError, clock=clock))


def test_51_those_in_different_functions_have_names_of_their_own(clock: ManualClock, seen: MemoryExporter) -> None:
    BLOCK.perform(Policy(on=OSError, clock=clock), Failing("page"))
    for attempt in Policy(on=OSError, clock=clock):
        with attempt:
            pass

    assert len({call.operation for call in seen.calls}) == 2


variable = contextvars.ContextVar("variable", default=0)


def count() -> int:
    """Fail twice; every attempt finds what the one before has set."""
    variable.set(variable.get() + 1)
    if variable.get() < 3:
        raise OSError
    return variable.get()


def test_52_an_attempt_finds_what_those_before_it_have_set(form: Form, clock: ManualClock) -> None:
    assert contextvars.Context().run(form.perform, policy(clock), count) == 3


def test_52_so_it_does_in_an_event_loop(async_form: Form, library: Library) -> None:
    async def work() -> int:
        await library.sleep(1)
        return count()

    async def main() -> Any:
        return await async_form.awaiting(Policy(on=OSError, backoff=1), work)

    assert contextvars.Context().run(library.run, main) == 3


@pytest.mark.parametrize("attempt_timeout", [None, 5])
@pytest.mark.parametrize("form", ASYNC_FORMS[:3], ids=str)
def test_52_also_where_attempts_are_limited(attempt_timeout: float | None, form: Form) -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return count()

    async def main() -> Any:
        return await form.awaiting(Policy(on=OSError, backoff=0, attempt_timeout=attempt_timeout), work)

    assert contextvars.Context().run(asyncio.run, main()) == 3

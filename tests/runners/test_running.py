"""`current_attempt()`: what code below an attempt can know of it."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import retold
from retold import CurrentAttempt, Policy, current_attempt
from retold.exporters.prometheus import Prometheus
from retold.runners import running
from retold.testing import ManualClock, MemoryExporter
from tests.forms import ASYNC_WITH, FORMS, FUNCTIONS, Failing, Form


@pytest.fixture(autouse=True)
def _unasked() -> Iterator[None]:
    """As if nobody had asked in this process yet."""
    running.asked = False
    yield
    assert running._blocks == {}


class Asking:
    """Work that asks which attempt it is in, and fails but for the last time."""

    def __init__(self, failures: int) -> None:
        self.work = Failing(*[OSError] * failures, "value")
        self.found: list[CurrentAttempt | None] = []

    def __call__(self) -> Any:
        self.found.append(self.ask())
        return self.work()

    def ask(self) -> CurrentAttempt | None:
        return current_attempt()

    @property
    def numbers(self) -> list[int | None]:
        return [None if found is None else found.number for found in self.found]


LISTENING: dict[str, Any] = {
    "nobody": list,
    "logs": lambda: ["logging"],
    "counted": lambda: [Prometheus(__import__("prometheus_client").CollectorRegistry())],
    "told": lambda: [MemoryExporter()],
}


@pytest.mark.parametrize("listening", LISTENING)
@pytest.mark.parametrize("form", [*FUNCTIONS, ASYNC_WITH], ids=str)
def test_code_below_an_attempt_finds_it(listening: str, form: Form, clock: ManualClock) -> None:
    current_attempt()
    clock.advance(100)
    work = Asking(3)

    with retold.configure(exporters=LISTENING[listening]()):
        form.perform(Policy(on=OSError, attempts=5, timeout=50, backoff=2, operation="ask", clock=clock), work)

    assert work.found == [CurrentAttempt(number, 5 - number, 150.0) for number in (1, 2, 3, 4)]
    assert current_attempt() is None


@pytest.mark.parametrize("form", [*FORMS, ASYNC_WITH], ids=str)
def test_without_limits_there_are_none(form: Form, clock: ManualClock) -> None:
    current_attempt()
    work = Asking(1)

    form.perform(Policy(on=OSError, attempts=None, stop=lambda: False, backoff=0, clock=clock), work)

    assert work.found == [CurrentAttempt(1, None, None), CurrentAttempt(2, None, None)]


def test_a_block_is_seen_from_the_first_entry_after_somebody_asked(block_form: Form, clock: ManualClock) -> None:
    work = Asking(2)

    block_form.perform(Policy(on=OSError, backoff=0, clock=clock), work)

    assert work.numbers == [None, 2, 3]


@pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")
def test_the_innermost_attempt_is_found(clock: ManualClock) -> None:
    current_attempt()
    policy = Policy(on=OSError, backoff=0, clock=clock)
    numbers: list[int | None] = []

    def ask() -> None:
        found = current_attempt()
        numbers.append(None if found is None else found.number)

    inner = Failing(OSError, "value")

    @policy
    def decorated() -> None:
        inner()
        ask()

    outer = Failing(OSError, OSError, "value")
    for attempt in policy.replace(operation="outer"):
        with attempt:
            outer()
            ask()
            decorated()
            for nested in policy.replace(operation="nested"):
                with nested:
                    ask()
            ask()
    ask()

    assert numbers == [3, 2, 1, 3, None]


@pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")
def test_a_call_inside_of_a_call_is_the_innermost(form: Form, clock: ManualClock) -> None:
    current_attempt()
    policy = Policy(on=OSError, backoff=0, operation="outer", clock=clock)
    outer = Failing(OSError, "value")
    found: list[int | None] = []

    def work() -> None:
        outer()
        inner = Asking(1)
        policy.replace(operation="inner").call(inner)
        found.extend(inner.numbers)

    form.perform(policy, work)

    assert found == [1, 2]


def test_what_is_asked_between_two_attempts_is_in_none(form: Form, clock: ManualClock) -> None:
    current_attempt()
    found: list[CurrentAttempt | None] = []

    def look(*arguments: object) -> Any:
        found.append(current_attempt())
        return 0

    policy = Policy(on=lambda error: look() == 0, backoff=look, hint=look, on_retry=look, on_success=look, clock=clock)

    form.perform(policy, Failing(OSError, "value"))

    assert found == [None] * 5


def test_a_fallback_is_in_no_attempt(function_form: Form, clock: ManualClock) -> None:
    found: list[CurrentAttempt | None] = []
    policy: Policy[Any] = Policy(
        on=OSError, attempts=1, clock=clock, fallback=lambda error: found.append(current_attempt())
    )

    function_form.perform(policy, Failing(OSError))

    assert found == [None]


async def test_tasks_that_take_turns_do_not_mix() -> None:
    current_attempt()

    async def fetch(failures: int, block: bool) -> list[int | None]:
        work = Asking(failures)

        async def awaited() -> Any:
            await asyncio.sleep(0)
            return work()

        policy = Policy(on=OSError, attempts=9, backoff=0, operation="fetch")
        if block:
            await ASYNC_WITH.awaiting(policy, awaited)
        else:
            await policy(awaited)()
        return work.numbers

    found = await asyncio.gather(*(fetch(failures, block) for failures in range(5) for block in (True, False)))

    assert found == [list(range(1, failures + 2)) for failures in range(5) for _ in range(2)]


def test_a_thread_of_its_own_is_below_no_attempt(clock: ManualClock) -> None:
    found: list[CurrentAttempt | None] = []

    def work() -> None:
        thread = threading.Thread(target=lambda: found.append(current_attempt()))
        thread.start()
        thread.join()

    Policy(on=OSError, clock=clock).call(work)

    assert found == [None]


def test_an_attempt_that_something_else_enters_is_found(clock: ManualClock) -> None:
    current_attempt()
    numbers = []

    for attempt in Policy(on=OSError, operation="stack", clock=clock):
        with contextlib.ExitStack() as stack:
            stack.enter_context(attempt)
            found = current_attempt()
            assert found is not None
            numbers.append(found.number)

    assert numbers == [1]


def test_a_block_that_is_open_when_somebody_first_asks_is_left_as_any_other(clock: ManualClock) -> None:
    for attempt in Policy(on=OSError, operation="open", clock=clock):
        with attempt:
            assert current_attempt() is None


def test_a_block_that_is_interrupted_at_its_start_is_forgotten() -> None:
    class Interrupting(retold.Exporter):
        live = True

        def attempt_started(self, state: object, event: retold.AttemptStarted) -> None:
            raise KeyboardInterrupt

    def interrupted() -> None:
        for attempt in Policy(on=OSError):
            with attempt:
                raise AssertionError("it has not begun")

    assert current_attempt() is None
    with retold.configure(exporters=[Interrupting()]), pytest.raises(KeyboardInterrupt):
        interrupted()

    assert running._blocks == {}

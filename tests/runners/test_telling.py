"""Who listens never changes a call, and what is told is exact."""

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, NoReturn

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import CallStarted, Exporter, Outcome, Policy
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL
from retold.telemetry import ATTEMPTS, CALLS, EXPORTER_FAILURES, MAX_ATTEMPTS
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form
from tests.readings import scraped_from, told_to

METHODS = ["call_started", "attempt_started", "attempt_ended", "retry_scheduled", "call_ended"]


class Broken(Exporter):
    """Raises in one method."""

    name = "broken"
    live = True

    def __init__(self, method: str) -> None:
        def raising(*_: object) -> Any:
            raise ZeroDivisionError

        setattr(self, method, raising)


class Live(Exporter):
    """Told at every moment."""

    live = True


class BrokenLate(Broken):
    """The same, told nothing before the first failure."""

    live = False


class Reader(MemoryExporter):
    """Has calls write the journal."""

    reads_journal = True


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [Broken, BrokenLate])
def test_an_exporter_that_raises_changes_no_call(
    method: str, kind: type[Broken], form: Form, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    memory = MemoryExporter()
    error = OSError()
    policy = Policy(on=OSError, attempts=2, clock=clock)

    with retold.configure(exporters=[memory, kind(method)]):
        assert form.perform(policy, Failing("value")) == "value"
        assert form.perform(policy, Failing(OSError, "value")) == "value"
        with pytest.raises(OSError) as caught:
            form.perform(policy, Failing(error))

    assert caught.value is error
    assert [call.outcome for call in memory.calls] == [Outcome.SUCCESS, Outcome.SUCCESS, Outcome.ATTEMPTS_EXHAUSTED]
    assert JOURNAL.collect()[EXPORTER_FAILURES]["broken",] != 0
    assert [record.levelno for record in caplog.records if record.name == "retold"] == [logging.WARNING]


def test_an_exporter_that_is_interrupted_ends_the_call(form: Form, clock: ManualClock) -> None:
    class Interrupted(Exporter):
        live = True

        def attempt_started(self, state: object, event: object) -> None:
            raise KeyboardInterrupt

    memory = MemoryExporter()
    work = Failing("value")

    with retold.configure(exporters=[memory, Interrupted()]), pytest.raises(KeyboardInterrupt):
        form.perform(Policy(on=OSError, clock=clock), work)

    assert work.runs == 0
    assert [call.outcome for call in memory.calls] == [Outcome.CANCELLED]


@pytest.mark.parametrize(("kind", "moment"), [(Live, "attempt_ended"), (Live, "call_ended"), (Exporter, "call_ended")])
@pytest.mark.parametrize("turns", [["value"], [OSError, "value"], [OSError]], ids=["success", "recovered", "gave-up"])
def test_the_others_hear_of_every_end_whatever_interrupts_one(
    turns: list[object], moment: str, kind: type[Exporter], form: Form, clock: ManualClock
) -> None:
    class Interrupted(kind):  # type: ignore[misc, valid-type]
        pass

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    setattr(Interrupted, moment, interrupt)
    before, after, registry = MemoryExporter(), MemoryExporter(), CollectorRegistry()

    with (
        retold.configure(exporters=[Prometheus(registry), before, Interrupted(), Broken(moment), Interrupted(), after]),
        pytest.raises(KeyboardInterrupt),
    ):
        form.perform(Policy(on=OSError, operation="shop.fetch", clock=clock), Failing(*turns))

    assert before.events == after.events
    assert len(before.calls) == 1
    numbers = scraped_from(registry)
    assert numbers == {key: numbers[key] for key in numbers} | told_to(before)


def test_a_call_reports_to_those_who_listened_when_it_began(form: Form, clock: ManualClock) -> None:
    first, second = MemoryExporter(), MemoryExporter()

    def work() -> None:
        retold.configure(exporters=[second])
        raise OSError

    with retold.configure(exporters=[first]), pytest.raises(OSError):
        form.perform(Policy(on=OSError, clock=clock), work)

    assert [call.attempts for call in first.calls] == [3]
    assert second.events == []


def test_the_call_is_told_with_its_operation_function_and_limits(clock: ManualClock, seen: MemoryExporter) -> None:
    def read() -> None: ...

    policy = Policy(on=OSError, attempts=4, timeout=9, operation="files.read", clock=clock)

    policy(read)()
    policy.call(read)

    started = [event for event in seen.events if isinstance(event, CallStarted)]
    name = f"{__name__}.{read.__qualname__}"
    assert [(event.operation, event.function) for event in started] == [("files.read", name), ("files.read", None)]
    assert {(event.max_attempts, event.timeout) for event in started} == {(4, 9.0)}


def test_a_hundred_threads_on_one_function_are_counted_exactly() -> None:
    memory = Reader()
    together = Barrier(100)

    with retold.configure(exporters=[memory]):

        @Policy(on=OSError, attempts=4, backoff=0, operation="shared", clock=ManualClock())
        def work(failures: list[int]) -> str:
            if failures[0]:
                failures[0] -= 1
                raise OSError
            return "value"

        def calls(thread: int) -> list[str]:
            together.wait()
            return [work([number % 4]) for number in range(thread % 7 + 8)]

        with ThreadPoolExecutor(100) as pool:
            results = [value for values in pool.map(calls, range(100)) for value in values]

        expected = [number % 4 + 1 for thread in range(100) for number in range(thread % 7 + 8)]
        totals = JOURNAL.collect()

    assert results == ["value"] * len(expected)
    assert sorted(call.attempts for call in memory.calls) == sorted(expected)
    assert len(memory.attempts) == sum(expected)
    assert sum(value for value in totals[CALLS].values() if isinstance(value, int | float)) == len(expected)
    assert sum(value for value in totals[ATTEMPTS].values() if isinstance(value, int | float)) == sum(expected)


def test_one_policy_on_many_functions_accumulates_nothing(seen: MemoryExporter, clock: ManualClock) -> None:
    policy = Policy(on=OSError, clock=clock)
    handlers = list(logging.getLogger("retold").handlers)

    for number in range(50):
        assert policy(Failing(number))() == number

    assert len(seen.calls) == 50
    assert logging.getLogger("retold").handlers == handlers


def test_two_functions_of_one_operation_share_its_numbers(clock: ManualClock) -> None:
    policy = Policy(on=OSError, operation="shared", clock=clock)

    with retold.configure(exporters=[Reader()]):
        policy(Failing("one"))()
        policy(Failing("two"))()
        totals = JOURNAL.collect()

    assert {labels[0] for labels in totals[CALLS]} == {"shared"}
    assert totals[CALLS]["shared", "success", False] == 2


@pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")
def test_a_function_decorated_twice_is_seen_as_a_call_within_a_call(clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, attempts=2, clock=clock)
    work = Failing(OSError)

    with pytest.raises(OSError):
        policy(policy(work))()

    assert work.runs == 4
    assert [call.attempts for call in seen.calls] == [2, 2, 2]


def test_what_a_policy_allows_is_known_before_the_first_call() -> None:
    def read() -> None: ...

    Policy(on=OSError, attempts=7)(read)
    Policy(on=OSError, attempts=5, operation="files.read")

    limits = JOURNAL.collect()[MAX_ATTEMPTS]
    assert limits == {(f"{__name__}.{read.__qualname__}",): 7, ("files.read",): 5}

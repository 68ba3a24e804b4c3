"""The check of exporters: it passes those that keep the rules, and names what the others do."""

import io
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, TextIO, cast

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import CollectorRegistry

from retold import AttemptEnded, AttemptStarted, CallEnded, CallStarted, Exporter, Outcome
from retold.catalogue import BUILT_IN
from retold.exporters.console import Console
from retold.exporters.logging import Logging
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.exporters.structlog import Structlog
from retold.testing import ExporterFaults, MemoryExporter, check_exporter

METHODS = ("call_started", "attempt_started", "attempt_ended", "retry_scheduled", "call_ended")


def faults_of(factory: Callable[[], Exporter], **options: Any) -> list[tuple[str, str]]:
    """What was expected, and what happened."""
    with pytest.raises(ExporterFaults) as caught:
        check_exporter(factory, **options)
    assert caught.value.faults
    return [(fault.expected, fault.happened) for fault in caught.value.faults]


def exporter(**members: Any) -> type[Exporter]:
    """An exporter with these methods and attributes."""
    return type("Broken", (Exporter,), {"__module__": "shop", **members})


def traced() -> Exporter:
    return OpenTelemetry(tracer_provider=TracerProvider(shutdown_on_exit=False))


class Nowhere(io.TextIOBase):
    """Keeps nothing that is written to it, not even for a while."""

    def write(self, text: str) -> int:
        return len(text)


@pytest.fixture
def _structlog_to_nowhere() -> Iterator[None]:
    def drop(logger: object, name: str, line: object) -> Any:
        raise structlog.DropEvent

    structlog.configure(processors=[drop])
    yield
    structlog.reset_defaults()


CHECKED: dict[str, tuple[Callable[[], Exporter], bool]] = {
    "console": (lambda: Console(cast("TextIO", Nowhere())), False),
    "logging": (Logging, False),
    "memory": (MemoryExporter, True),
    "opentelemetry": (traced, False),
    "prometheus": (lambda: Prometheus(CollectorRegistry()), False),
    "structlog": (Structlog, False),
}


@pytest.mark.usefixtures("_structlog_to_nowhere")
@pytest.mark.parametrize("name", BUILT_IN)
def test_every_exporter_of_our_own_passes(name: str) -> None:
    factory, keeps_events = CHECKED[name]

    logger = logging.getLogger("retold")
    before = logger.level
    logger.setLevel(logging.DEBUG)
    logger.propagate = False  # to pytest, which keeps every line
    try:
        check_exporter(factory, keeps_events=keeps_events)
    finally:
        logger.setLevel(before)
        logger.propagate = True


def test_an_exporter_is_told_of_every_end_that_there_is() -> None:
    ends: set[Outcome] = set()
    check_exporter(exporter(live=True, call_ended=lambda self, state, event: ends.add(event.outcome)))

    assert ends == set(Outcome)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("live", [False, True], ids=["retrospective", "live"])
def test_a_method_that_raises_is_named_with_the_place(method: str, *, live: bool) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no license")

    [(expected, happened)] = faults_of(exporter(live=live, **{method: fail}))

    assert expected == f"{method} raises nothing"
    assert happened.startswith("it raised RuntimeError: no license (test_check_exporter.py:")


def test_the_report_says_when_what_was_expected_and_what_happened_instead() -> None:
    class Sums(Exporter):
        """Forgets that a call which succeeds at once has no state."""

        def call_started(self, event: CallStarted) -> list[float]:
            return []

        def call_ended(self, state: list[float], event: CallEnded) -> None:
            state.append(event.duration)

    with pytest.raises(ExporterFaults) as caught:
        check_exporter(Sums)

    name = "test_the_report_says_when_what_was_expected_and_what_happened_instead.<locals>.Sums"
    head, empty, *entry = str(caught.value).splitlines()
    assert (head, empty) == (f"{name} has 1 fault:", "")
    assert entry[0] == "1. in the lifecycle: a call succeeds at once (and in 1 more)"
    assert entry[1] == "   expected: call_ended raises nothing"
    assert entry[2].startswith("   happened: it raised AttributeError: 'NoneType' object has no attribute 'append' (")
    assert isinstance(caught.value, AssertionError)


def test_an_exporter_that_ends_calls_is_named() -> None:
    def leave(*_: object) -> None:
        raise SystemExit(3)

    faults = faults_of(exporter(call_ended=leave))

    assert ("a call returns or raises what it would without exporters",) in [fault[:1] for fault in faults]
    assert any("it raised SystemExit: 3" in happened for _, happened in faults)


CURRENT: ContextVar[object] = ContextVar("shop.current")


def test_a_context_that_is_not_restored_is_named() -> None:
    faults = faults_of(
        exporter(live=True, attempt_started=lambda self, state, event: CURRENT.set(event)), keeps_events=True
    )

    assert faults == [
        (
            "what was made current is restored before a wait and at the end",
            "the context variable 'shop.current' is not what it was before the call",
        )
    ]


def test_a_context_that_is_restored_at_the_end_but_not_before_the_waits_is_named() -> None:
    class Across(Exporter):
        live = True

        def call_started(self, event: CallStarted) -> Any:
            return CURRENT.set("call")

        def call_ended(self, state: Any, event: CallEnded) -> None:
            CURRENT.reset(state)

    [(expected, _)] = {fault for fault in faults_of(Across) if "ContextVar" not in fault[1]}
    assert expected == "what was made current is restored before a wait and at the end"


@pytest.mark.parametrize("kept", ["error", "traceback"])
def test_an_error_that_is_kept_is_named(kept: str) -> None:
    class Keeping(Exporter):
        def call_started(self, event: CallStarted) -> list[object]:
            return []

        def attempt_ended(self, state: list[object], event: AttemptEnded) -> None:
            error = event.error
            state.append(error if kept == "error" else error and error.__traceback__)

    assert faults_of(Keeping) == [
        (
            "errors are not kept beyond the telling, for they hold the failed frames",
            "an error, or a frame that failed, is alive after its attempt",
        )
    ]


def test_what_is_left_of_every_call_is_named() -> None:
    class Leaking(Exporter):
        def __init__(self) -> None:
            self.began: dict[object, float] = {}

        def call_started(self, event: CallStarted) -> object:
            state = object()
            self.began[state] = event.time / 1e9
            return state

    [(expected, happened)] = faults_of(Leaking)
    assert expected == "an exporter that is closed keeps nothing of calls that are over"
    assert happened.startswith("100 calls left ")


def test_what_waits_to_be_sent_is_no_leak_if_closing_sends_it() -> None:
    class Batching(Exporter):
        def __init__(self) -> None:
            self.batch: list[CallEnded] = []

        def call_ended(self, state: object, event: CallEnded) -> None:
            self.batch.append(event)

        def close(self) -> None:
            self.batch.clear()

    check_exporter(Batching)


def test_an_exporter_that_has_the_caller_wait_is_named() -> None:
    [(expected, happened)] = faults_of(exporter(retry_scheduled=lambda self, state, event: time.sleep(0.06)))

    assert expected == "retry_scheduled returns at once, for the caller waits"
    assert happened.startswith("it took 0.0")


def test_an_exporter_that_hangs_ends_the_check() -> None:
    never = threading.Event()

    faults = faults_of(exporter(call_ended=lambda self, state, event: never.wait()), patience=2)

    assert faults == [("every method returns", "call_ended has not returned after 2 s")]
    never.set()


def test_a_close_that_hangs_ends_the_check() -> None:
    never = threading.Event()

    faults = faults_of(exporter(close=lambda self: never.wait()), patience=2)

    assert faults == [("every method returns", "close has not returned after 2 s")]
    never.set()


def test_a_lock_that_is_held_during_an_attempt_hangs_the_call_inside() -> None:
    class Locking(Exporter):
        live = True

        def __init__(self) -> None:
            self.lock = threading.Lock()

        def attempt_started(self, state: object, event: AttemptStarted) -> None:
            self.lock.acquire()

        def attempt_ended(self, state: object, event: AttemptEnded) -> None:
            self.lock.release()

    with pytest.raises(ExporterFaults) as caught:
        check_exporter(Locking, patience=2)

    [fault] = caught.value.faults
    assert fault.lifecycles == ("a call runs inside of another",)
    assert fault.happened == "attempt_started has not returned after 2 s"


def test_a_wants_call_that_raises_is_named() -> None:
    def raises(self: Exporter) -> bool:
        raise ZeroDivisionError

    faults = faults_of(exporter(live=True, wants_call=raises))

    assert {(expected, happened.split(" (")[0]) for expected, happened in faults} >= {
        ("wants_call raises nothing", "it raised ZeroDivisionError")
    }


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda error: error.add_note("seen"), "notes"),
        (lambda error: setattr(error, "args", ("seen",)), "args"),
        (lambda error: setattr(error, "__cause__", KeyError()), "cause"),
        (lambda error: setattr(error, "__context__", KeyError()), "context"),
        (lambda error: setattr(error, "__traceback__", None), "traceback"),
    ],
)
def test_an_error_that_is_changed_is_named(change: Callable[[BaseException], object], what: str) -> None:
    def write_on(self: Exporter, state: object, event: AttemptEnded) -> None:
        if event.error is not None:
            change(event.error)

    faults = faults_of(exporter(attempt_ended=write_on))

    assert ("errors stay as they are", f"attempt_ended changed the error's {what}") in faults


def test_an_error_s_text_is_not_to_be_relied_on() -> None:
    faults = faults_of(exporter(attempt_ended=lambda self, state, event: str(event.error)))

    [(expected, happened)] = faults
    assert expected == "attempt_ended raises nothing"
    assert "this error has no text" in happened


@pytest.mark.parametrize(
    ("method", "put", "what"),
    [
        ("call_started", lambda event: event, "the CallStarted event"),
        ("attempt_started", lambda event: event.operation, "the operation of a call"),
        ("attempt_ended", lambda event: event.error, "the error of an attempt"),
    ],
)
def test_a_call_s_own_things_where_the_next_call_puts_its_own_are_named(
    method: str, put: Callable[[Any], object], what: str
) -> None:
    def keep(self: Any, *told: Any) -> None:
        self.current = put(told[-1])

    faults = faults_of(exporter(**{method: keep}), keeps_events=True)

    assert faults == [
        (
            "what belongs to one call is in what call_started returned, for calls run at the same time",
            f"{method} put {what} into self.current",
        )
    ]


def test_a_state_that_is_kept_on_the_exporter_is_named() -> None:
    class Current(Exporter):
        def call_started(self, event: CallStarted) -> list[int]:
            self.state = [event.time]
            return self.state

    [(_, happened)] = faults_of(Current)
    assert happened == "call_started put the state of a call into self.state"


class Stack(Exporter):
    """Takes the call that began last for the one that ends."""

    live = True
    lines: list[tuple[str, str]]

    def __init__(self) -> None:
        self.running: list[str] = []

    def call_started(self, event: CallStarted) -> None:
        self.running.append(f"began as {event.operation}")

    def call_ended(self, state: None, event: CallEnded) -> None:
        self.lines.append((self.running.pop(), f"ended as {event.operation}"))


def test_calls_that_are_mixed_up_in_what_is_written_are_named() -> None:
    Stack.lines = []

    faults = faults_of(Stack, written=lambda: Stack.lines)

    [(expected, happened)] = faults
    assert expected == "calls at the same time are written like calls one after the other"
    assert happened.startswith("only one of both has ('began as check.written-page-")


def test_calls_that_are_not_mixed_up_in_what_is_written_pass() -> None:
    lines: list[str] = []

    check_exporter(exporter(call_ended=lambda self, state, event: lines.append(event.operation)), written=lambda: lines)

    assert lines.count("check.written-page-1") == 2


@pytest.mark.parametrize(("times", "promise"), [(1, "close raises nothing"), (2, "close can be told again,")])
def test_a_close_that_raises_is_named(times: int, promise: str) -> None:
    class Closing(Exporter):
        closed = 0

        def close(self) -> None:
            self.closed += 1
            if self.closed == times:
                raise OSError("not connected")

    [(expected, happened)] = faults_of(Closing)
    assert expected.startswith(promise)
    assert happened.startswith("it raised OSError: not connected (")


forking = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


@forking
def test_an_exporter_that_raises_in_a_forked_child_is_named() -> None:
    made_in = os.getpid()

    def fail(self: Exporter, state: object, event: CallEnded) -> None:
        if os.getpid() != made_in:
            raise RuntimeError("whose socket is this?")

    [(expected, happened)] = faults_of(exporter(call_ended=fail))
    assert expected == "a forked child is told like any process"
    assert happened.startswith("it raised RuntimeError: whose socket is this?")


@forking
def test_an_exporter_that_hangs_in_a_forked_child_is_named() -> None:
    made_in = os.getpid()

    def hang(self: Exporter, state: object, event: CallEnded) -> None:
        if os.getpid() != made_in:
            threading.Event().wait()

    faults = faults_of(exporter(call_ended=hang), patience=4)

    assert faults == [("every method returns", "in a forked child, something has not returned after 2 s")]


def test_an_exporter_that_is_asleep_cannot_be_checked() -> None:
    assert faults_of(exporter(is_awake=lambda self: False)) == [
        ("the exporter to be checked is awake, and can be told", "is_awake() returned False")
    ]


def test_an_exporter_that_cannot_say_whether_it_is_awake_is_named() -> None:
    def fail(self: Exporter) -> bool:
        raise RuntimeError("no license")

    [(expected, _)] = faults_of(exporter(is_awake=fail))
    assert expected == "is_awake raises nothing"


def test_what_the_factory_raises_is_raised_whenever_it_does() -> None:
    def factory() -> Exporter:
        if threading.current_thread() is not threading.main_thread():
            raise OSError("no more sockets")
        return Exporter()

    with pytest.raises(OSError, match="no more sockets"):
        check_exporter(factory)


def test_where_there_is_no_fork_the_rest_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork", raising=False)

    check_exporter(Exporter)


def test_a_factory_that_makes_no_exporter_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^the factory must make a retold\.Exporter: pass its class .* not 42$"):
        check_exporter(lambda: 42)  # type: ignore[arg-type, return-value]


def test_an_exporter_in_place_of_a_factory_is_refused() -> None:
    with pytest.raises(TypeError, match=r"pass its class or a function, not <.*Memory object"):
        check_exporter(MemoryExporter())  # type: ignore[arg-type]

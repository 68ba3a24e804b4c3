"""Who listens: exporters that wake, exporters that are replaced, exporters that fail."""

import logging
import threading
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry
from structlog.testing import LogCapture

import retold
from retold import Exporter, Policy
from retold.exporters._lines import Fields
from retold.exporters.prometheus import Prometheus
from retold.exporters.structlog import Structlog
from retold.journal import JOURNAL
from retold.runners import audience
from retold.telemetry import EXPORTER_FAILURES
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form

METHODS = ["call_started", "attempt_started", "attempt_ended", "retry_scheduled", "call_ended"]


class Sleeper(MemoryExporter):
    """Asleep until it is woken."""

    name = "sleeper"

    def __init__(self) -> None:
        super().__init__()
        self.awake = False
        self.asked = 0

    def is_awake(self) -> bool:
        self.asked += 1
        return self.awake


def fail(*_: object) -> Any:
    raise RuntimeError("card 4111")


def broken(method: str, *, live: bool = True) -> Exporter:
    """An exporter that raises in one of its methods."""
    kind = type("Broken", (Exporter,), {"name": "broken", "live": live, method: fail})
    made: Exporter = kind()
    return made


def policy(clock: ManualClock) -> Policy[None]:
    return Policy(on=OSError, backoff=2, operation="shop.fetch", clock=clock)


def failures() -> dict[tuple[object, ...], object]:
    return {labels: count for labels, count in JOURNAL.collect()[EXPORTER_FAILURES].items() if count}


def test_a_sleeping_exporter_is_told_nothing_until_it_wakes(form: Form, clock: ManualClock) -> None:
    sleeper = Sleeper()

    with retold.configure(exporters=[sleeper]):
        form.perform(policy(clock), Failing("page"))
        assert sleeper.events == []
        sleeper.awake = True
        form.perform(policy(clock), Failing("page"))

    assert len(sleeper.calls) == 1


def test_an_exporter_that_is_awake_is_never_asked_again(clock: ManualClock) -> None:
    sleeper = Sleeper()
    sleeper.awake = True

    with retold.configure(exporters=[sleeper]):
        asked = sleeper.asked
        for _ in range(5):
            policy(clock).call(Failing("page"))
        assert sleeper.asked == asked

    assert len(sleeper.calls) == 5


def test_an_exporter_that_wakes_in_a_call_does_not_undo_what_is_configured_meanwhile(clock: ManualClock) -> None:
    chosen = MemoryExporter()

    class Slow(Sleeper):
        """Another thread configures while a call finds it awake."""

        def is_awake(self) -> bool:
            if self.awake:
                self.awake = False
                other = threading.Thread(target=lambda: retold.configure(exporters=[chosen]))
                other.start()
                other.join()
                return True
            return False

    slow = Slow()
    with retold.configure(exporters=[slow]):
        slow.awake = True
        policy(clock).call(Failing("page"))
        assert audience.current().exporters == (chosen,)

    assert len(chosen.calls) == 1


@pytest.mark.parametrize("live", [True, False], ids=["live", "retrospective"])
@pytest.mark.parametrize("method", METHODS)
def test_an_exporter_that_raises_changes_no_call_and_is_counted(
    form: Form, clock: ManualClock, method: str, *, live: bool
) -> None:
    registry, witness = CollectorRegistry(), MemoryExporter()
    error = OSError()

    with retold.configure(exporters=[broken(method, live=live), witness, Prometheus(registry)]):
        assert form.perform(policy(clock), Failing(OSError, "page")) == "page"
        with pytest.raises(OSError) as caught:
            form.perform(policy(clock), Failing(error))

    assert caught.value is error
    assert len(witness.calls) == 2
    count = registry.get_sample_value("retold_exporter_failures_total", {"retold_exporter": "broken"})
    runs = {"call_started": 2, "attempt_started": 5, "attempt_ended": 5, "retry_scheduled": 3, "call_ended": 2}
    assert count == runs[method]


def test_one_that_raises_at_the_start_is_told_nothing_more_of_that_call(clock: ManualClock) -> None:
    told: list[str] = []

    class Starting(Exporter):
        live = True

        def call_started(self, event: retold.CallStarted) -> None:
            if not told:
                told.append("raised")
                raise RuntimeError

        def call_ended(self, state: None, event: retold.CallEnded) -> None:
            told.append("ended")

    with retold.configure(exporters=[Starting()]):
        policy(clock).call(Failing(OSError, "page"))
        assert told == ["raised"]
        policy(clock).call(Failing(OSError, "page"))

    assert told == ["raised", "ended"]
    assert failures() == {(Starting.__qualname__,): 1}


def test_the_failures_of_an_exporter_without_a_name_exist_at_0_under_its_class() -> None:
    class Nameless(Exporter):
        pass

    with retold.configure(exporters=[Nameless()]):
        counts = JOURNAL.collect()[EXPORTER_FAILURES]

    name = Nameless.__qualname__
    assert counts[name,] == 0
    assert ("",) not in counts


def test_one_that_cannot_say_whether_it_is_awake_is_asleep(form: Form, clock: ManualClock) -> None:
    with retold.configure(exporters=[broken("is_awake")]):
        assert form.perform(policy(clock), Failing("page")) == "page"

    assert failures()["broken",] in (2, 3)


def test_what_is_no_exception_passes_through(clock: ManualClock) -> None:
    class Interrupting(Exporter):
        live = True

        def attempt_started(self, state: None, event: retold.AttemptStarted) -> None:
            raise KeyboardInterrupt

    with retold.configure(exporters=[Interrupting()]), pytest.raises(KeyboardInterrupt):
        policy(clock).call(Failing("page"))

    assert failures() == {}


def test_failures_are_logged_once_a_minute_and_exporter_without_the_message(
    caplog: pytest.LogCaptureFixture, clock: ManualClock
) -> None:
    with retold.configure(exporters=[broken("attempt_ended")]):
        for _ in range(3):
            policy(clock).call(Failing("page"))
        audience._last_logged["broken"] -= 60
        policy(clock).call(Failing("page"))

    first, _ = caplog.records
    assert (first.getMessage(), first.levelname) == ("retold.exporter.failed", "WARNING")
    assert vars(first)["retold.exporter"] == "broken"
    assert vars(first)["error.type"] == "RuntimeError"
    assert first.exc_info is None
    assert "card 4111" not in str([vars(record) for record in caplog.records])
    assert failures() == {("broken",): 4}


def test_what_writes_an_application_s_lines_writes_of_failed_exporters_too(
    caplog: pytest.LogCaptureFixture, clock: ManualClock
) -> None:
    capture = LogCapture()
    structlog.configure(processors=[capture])
    try:
        with retold.configure(exporters=[broken("call_ended"), Structlog({"retold.exporter.failed": "error"})]):
            policy(clock).call(Failing("page"))
    finally:
        structlog.reset_defaults()

    assert capture.entries == [
        {
            "event": "retold.exporter.failed",
            "log_level": "error",
            "retold.exporter": "broken",
            "error.type": "RuntimeError",
        }
    ]
    assert caplog.records == []


def test_where_nobody_writes_lines_failures_of_exporters_are_written_all_the_same(
    caplog: pytest.LogCaptureFixture, clock: ManualClock
) -> None:
    class Mute(Structlog):
        def write(self, level: int, event: str, fields: Fields) -> None:
            raise BrokenPipeError

    with retold.configure(exporters=[Mute()]):
        policy(clock).call(Failing(OSError, "page"))

    (record,) = caplog.records
    assert record.getMessage() == "retold.exporter.failed"
    assert (vars(record)["retold.exporter"], vars(record)["error.type"]) == ("structlog", "BrokenPipeError")


def test_a_log_filter_that_raises_changes_no_call_either(clock: ManualClock) -> None:
    def refuse(_: logging.LogRecord) -> bool:
        raise LookupError

    logger = logging.getLogger("retold")
    logger.addFilter(refuse)
    try:
        with retold.configure(exporters=[broken("call_ended")]):
            assert policy(clock).call(Failing("page")) == "page"
    finally:
        logger.removeFilter(refuse)

    assert failures() == {("broken",): 1}


def test_an_exporter_wants_every_call_unless_it_says_otherwise(form: Form, clock: ManualClock) -> None:
    class Undecided(MemoryExporter):
        def wants_call(self) -> bool:
            return super().wants_call()

    undecided = Undecided()
    with retold.configure(exporters=[undecided]):
        form.perform(policy(clock), Failing("page"))

    assert len(undecided.calls) == 1

"""At which levels lines are written, and how that is chosen."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

import retold
from retold import Policy, SettingsError
from retold.contract import LOG_EVENTS
from retold.exporters._levels import Levels
from retold.exporters.logging import Logging
from retold.exporters.structlog import Structlog
from retold.runners import audience
from retold.testing import ManualClock
from tests.forms import Failing

BACKENDS: list[Callable[[Levels | None], retold.Exporter]] = [Logging, Structlog]


class Broken(retold.Exporter):
    """Raises once."""

    def call_started(self, event: retold.CallStarted) -> None:
        raise RuntimeError


def make_every_line(exporter: retold.Exporter) -> None:
    audience._last_logged.clear()
    policy = Policy(on=OSError, attempts=2, backoff=1, operation="shop.fetch", clock=ManualClock())
    with retold.configure(exporters=[exporter, Broken()]):
        policy.run(Failing(OSError, "page"))
        policy.run(Failing(OSError))
        policy.run(Failing(ValueError))
        with pytest.raises(KeyboardInterrupt):
            policy.run(Failing(KeyboardInterrupt()))


def lines_of(backend: Callable[[Levels | None], retold.Exporter], levels: Any, caplog: Any) -> dict[str, str]:
    """The level of every event that was written."""
    capture = LogCapture()
    structlog.configure(processors=[capture])
    try:
        with caplog.at_level(1, "retold"):
            make_every_line(backend(levels))
    finally:
        structlog.reset_defaults()
    by_logging = {record.getMessage(): record.levelname.lower() for record in caplog.records}
    return by_logging | {entry["event"]: entry["log_level"] for entry in capture.entries}


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_event_has_the_level_of_the_contract(
    backend: Callable[[Levels | None], retold.Exporter], caplog: pytest.LogCaptureFixture
) -> None:
    wanted = {event.name: event.level for event in LOG_EVENTS}

    assert lines_of(backend, None, caplog) == wanted


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("level", ["error", "ERROR", logging.ERROR])
def test_a_level_is_chosen_by_name_or_number_and_the_others_stay(
    backend: Callable[[Levels | None], retold.Exporter], level: str | int, caplog: pytest.LogCaptureFixture
) -> None:
    lines = lines_of(backend, {"retold.call.failed": level}, caplog)

    assert lines["retold.call.failed"] == "error"
    assert lines["retold.call.gave_up"] == "warning"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("event", [event.name for event in LOG_EVENTS])
def test_none_silences_one_event_and_no_other(
    backend: Callable[[Levels | None], retold.Exporter], event: str, caplog: pytest.LogCaptureFixture
) -> None:
    everything = lines_of(backend, None, caplog)
    caplog.clear()

    assert everything.keys() - lines_of(backend, {event: None}, caplog).keys() == {event}


def test_the_standard_library_takes_levels_of_the_application_s_own(caplog: pytest.LogCaptureFixture) -> None:
    logging.addLevelName(35, "NOTICE")
    lines = lines_of(Logging, {"retold.call.failed": "notice", "retold.call.recovered": 37}, caplog)

    assert lines["retold.call.failed"] == "notice"
    assert lines["retold.call.recovered"] == "level 37"


@pytest.mark.parametrize("level", ["loud", "NOTSET", "", 0, -10, True, 20.0])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_level_that_does_not_exist_is_refused_with_those_that_do(
    backend: Callable[[Levels | None], retold.Exporter], level: Any
) -> None:
    with pytest.raises(SettingsError) as refused:
        backend({"retold.call.gave_up": level})

    assert str(refused.value).startswith(
        f"levels['retold.call.gave_up'] must be a level or None, which writes nothing, not {level!r}; levels: DEBUG,"
    )


def test_structlog_has_no_other_levels_than_its_own() -> None:
    with pytest.raises(SettingsError, match=r"not 35; levels: DEBUG, INFO, WARNING, ERROR, CRITICAL$"):
        Structlog({"retold.call.gave_up": 35})


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_event_that_does_not_exist_is_refused_with_those_that_do(
    backend: Callable[[Levels | None], retold.Exporter],
) -> None:
    with pytest.raises(SettingsError) as refused:
        backend({"retold.call.gaveup": "error"})

    assert str(refused.value) == (
        "there is no log event 'retold.call.gaveup'; there are: retold.attempt.failed, retold.call.cancelled,"
        " retold.call.failed, retold.call.gave_up, retold.call.recovered, retold.exporter.failed,"
        " retold.retry.scheduled"
    )


def test_no_facts_are_gathered_for_lines_that_the_application_does_not_want(clock: ManualClock) -> None:
    class Gathering(Logging):
        """Counts what it is asked to write."""

        written = 0

        def write(self, level: int, event: str, fields: dict[str, Any]) -> None:
            self.written += 1

    logger = logging.getLogger("retold")
    gathering, before = Gathering(), logger.level
    logger.setLevel(logging.ERROR)
    try:
        make_every_line(gathering)
    finally:
        logger.setLevel(before)

    assert gathering.written == 0

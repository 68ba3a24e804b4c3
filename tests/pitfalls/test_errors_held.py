"""Errors: statements 23 to 26, what is in them, and what holds on to them."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Policy, on
from retold.exporters.console import Console
from retold.exporters.logging import Logging
from retold.exporters.prometheus import Prometheus
from retold.exporters.structlog import Structlog
from retold.journal import JOURNAL
from retold.telemetry import EXPORTER_FAILURES
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk
from tests.forms import Failing, Form
from tests.pitfalls.test_errors import exhausted, raised_by
from tests.runners.leaving import Leaving, growth, swallow

GROUPS = {
    "one": ExceptionGroup("", [OSError(), ValueError()]),
    "all": ExceptionGroup("", [OSError(), ExceptionGroup("", [OSError()])]),
    "none": ExceptionGroup("", [ValueError()]),
}


@pytest.mark.parametrize(
    ("condition", "retried"),
    [(OSError, set()), (on.group(OSError), {"one", "all"}), (on.group(OSError, match="all"), {"all"})],
    ids=["default", "any", "all"],
)
@pytest.mark.parametrize("group", GROUPS)
def test_23_a_group_is_retried_where_that_was_asked_for(
    condition: Any, retried: set[str], group: str, form: Form, clock: ManualClock
) -> None:
    work = Failing(GROUPS[group])

    assert raised_by(form, Policy(on=condition, clock=clock), work) is GROUPS[group]
    assert work.runs == (3 if group in retried else 1)


class Speechless(OSError):
    """Cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


DETAILS: list[dict[str, Any]] = [
    {},
    {"exception_details": "redacted", "redact": str.upper},
    {"exception_details": "full"},
]


@pytest.fixture
def _all_lines() -> Iterator[None]:
    """Lines of every level are written."""
    logger = logging.getLogger("retold")
    logger.setLevel(logging.DEBUG)
    yield
    logger.setLevel(logging.NOTSET)


@pytest.mark.usefixtures("_all_lines")
@pytest.mark.parametrize("details", DETAILS, ids=["type", "redacted", "full"])
def test_24_what_cannot_be_shown_is_retried_and_told(
    details: dict[str, Any], form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    sdk, stream = Sdk(), io.StringIO()
    metrics, lines = Prometheus(CollectorRegistry()), [Logging(), Structlog(), Console(stream)]
    error = Speechless()

    with retold.configure(exporters=[sdk.exporter(**details), metrics, *lines, seen]):
        assert raised_by(form, exhausted(clock), Failing(error)) is error
    sdk.close()

    assert set(JOURNAL.collect()[EXPORTER_FAILURES].values()) <= {0}
    assert len(sdk.attempts()) == len(seen.attempts) == 3
    assert "Speechless" in stream.getvalue()


@pytest.mark.usefixtures("no_garbage_collector")
@pytest.mark.parametrize("failures", [2, 10**6], ids=["recovered", "exhausted"])
def test_25_what_failed_frames_held_is_freed_by_counting_references(
    failures: int, form: Form, clock: ManualClock
) -> None:
    work = Leaving(OSError, failures)

    swallow(form, exhausted(clock), work)

    assert len(work.left) == 3
    assert work.alive == 0


@pytest.mark.usefixtures("no_garbage_collector")
def test_26_memory_does_not_grow_with_attempts(form: Form, clock: ManualClock) -> None:
    reported = 2 * 8 * 10_000 if form.name in ("run", "arun") else 0  # a report has all delays
    assert growth(form, clock, few=100, many=10_000) < reported + 20_000

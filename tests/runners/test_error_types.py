"""What failures are called, when the application says so."""

import enum
import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retold
from retold import AttemptEnded, Policy, telemetry
from retold.journal import JOURNAL
from retold.runners.error_types import error_type
from retold.testing import MemoryExporter
from tests.forms import Failing, Form

Classifier = Callable[[BaseException], Any]


class Refused(Exception):
    """What the service answers."""

    def __init__(self, status: int) -> None:
        super().__init__(f"token s3cr3t, {status}")
        self.status = status


class Kind(enum.StrEnum):
    """Names that are no plain strings."""

    BUSY = "busy now"


def by_status(error: BaseException) -> str | None:
    return f"http {error.status}" if isinstance(error, Refused) else None


def policy() -> Policy[Any]:
    return Policy(on=Exception, backoff=0, attempts=2, operation="shop.fetch")


def failures() -> dict[str, Any]:
    """How often attempts failed, by type of error."""
    return {str(labels[1]): count for labels, count in JOURNAL.collect()[telemetry.ATTEMPT_FAILURES].items()}


def failures_of_the_classifier() -> Any:
    return JOURNAL.collect()[telemetry.EXPORTER_FAILURES].get(("error_type",), 0)


def test_the_classifier_names_failures_in_every_form(seen: MemoryExporter, form: Form) -> None:
    with retold.configure(error_type=by_status):
        form.perform(policy(), Failing(Refused(503), "page"))

    ended = [event for event in seen.events if isinstance(event, AttemptEnded)]
    assert [event.error_type for event in ended] == ["http_503", None]


def test_metrics_have_the_classifier_s_names() -> None:
    with retold.configure(exporters=["prometheus"], error_type=by_status), pytest.raises(Refused):
        policy().call(Failing(Refused(503), Refused(429)))

    assert failures() == {"http_503": 1, "http_429": 1}


def test_a_success_asks_no_classifier(seen: MemoryExporter, form: Form) -> None:
    asked: list[BaseException] = []

    with retold.configure(error_type=lambda error: asked.append(error)):
        form.perform(policy(), Failing("page"))

    assert asked == []
    assert len(seen.calls) == 1


def test_a_classifier_without_a_name_leaves_it_to_the_type_and_has_not_failed(seen: MemoryExporter) -> None:
    with retold.configure(error_type=by_status), pytest.raises(OSError):
        policy().call(Failing(OSError))

    assert seen.last.error_type == "OSError"
    assert failures_of_the_classifier() == 0


def raising(error: BaseException) -> str:
    raise RuntimeError("s3cr3t")


@pytest.mark.parametrize(
    "wrong", [raising, lambda _: "", lambda _: " \n", lambda _: 42, lambda _: b"busy", lambda: "x"]
)
def test_a_classifier_that_fails_changes_no_call_and_is_counted(
    seen: MemoryExporter, caplog: pytest.LogCaptureFixture, wrong: Classifier
) -> None:
    error = Refused(503)

    with retold.configure(error_type=wrong), pytest.raises(Refused) as caught:
        policy().call(Failing(error))

    assert caught.value is error
    assert error.__context__ is None
    assert [each.error_type for each in seen.attempts] == [f"{__name__}.Refused"] * 2
    assert failures_of_the_classifier() == 2
    [line] = [record for record in caplog.records if record.name == "retold"]
    assert (line.levelno, line.getMessage()) == (logging.WARNING, "retold.exporter.failed")
    assert vars(line)["retold.exporter"] == "error_type"
    assert "s3cr3t" not in str(vars(line))


def test_the_failures_of_a_classifier_are_known_at_0() -> None:
    with retold.configure(error_type=by_status):
        assert JOURNAL.collect()[telemetry.EXPORTER_FAILURES]["error_type",] == 0


def test_what_is_no_failure_of_the_classifier_passes_through() -> None:
    def interrupted(error: BaseException) -> str:
        raise KeyboardInterrupt

    with retold.configure(exporters=["memory"], error_type=interrupted), pytest.raises(KeyboardInterrupt):
        policy().call(Failing(OSError))


@given(st.text())
def test_any_name_is_cleaned_and_cut(name: str) -> None:
    with retold.configure(error_type=lambda _: name):
        told = error_type(OSError())

    assert told == (telemetry.clean_name(name) if name.strip() else "OSError")


def test_a_name_is_told_as_a_plain_string() -> None:
    with retold.configure(error_type=lambda _: Kind.BUSY):
        told = error_type(OSError())

    assert (told, type(told)) == ("busy_now", str)


def test_a_class_that_hides_its_name_is_other() -> None:
    class Hiding(type(Exception)):  # type: ignore[misc]
        @property
        def __module__(cls) -> str:  # type: ignore[override]
            raise RuntimeError

    assert error_type(Hiding("Odd", (Exception,), {})()) == "_OTHER"

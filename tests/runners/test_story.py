"""In which order, and from when on, the exporters of a call are told what."""

from typing import Any

import pytest

import retold
from retold import AttemptEnded, AttemptStarted, CallEnded, CallStarted, Exporter, Policy, RetryScheduled
from retold.journal import JOURNAL
from retold.telemetry import EXPORTER_FAILURES
from retold.testing import ManualClock
from tests.forms import Failing, Form

Told = list[tuple[str, str, Any]]


class Witness(Exporter):
    """Writes down what it is told, with others, in one list."""

    def __init__(self, name: str, told: Told) -> None:
        self.name = name
        self.told = told

    def call_started(self, event: CallStarted) -> str:
        self.told.append((self.name, "call_started", event))
        return f"state of {self.name}"

    def attempt_started(self, state: str, event: AttemptStarted) -> None:
        assert state == f"state of {self.name}"
        self.told.append((self.name, "attempt_started", event))

    def attempt_ended(self, state: str, event: AttemptEnded) -> None:
        assert state == f"state of {self.name}"
        self.told.append((self.name, "attempt_ended", event))

    def retry_scheduled(self, state: str, event: RetryScheduled) -> None:
        assert state == f"state of {self.name}"
        self.told.append((self.name, "retry_scheduled", event))

    def call_ended(self, state: str | None, event: CallEnded) -> None:
        self.told.append((self.name, "call_ended" if state else "call_ended at once", event))


class Live(Witness):
    live = True


class Deaf(Witness):
    hears_success = False


def policy(clock: ManualClock) -> Policy[Any]:
    return Policy(on=OSError, backoff=2, operation="shop.fetch", clock=clock)


@pytest.fixture
def told() -> Told:
    return []


def order(told: Told) -> list[tuple[str, str]]:
    return [(name, what) for name, what, _ in told]


def test_starts_are_told_first_to_last_and_ends_last_to_first(told: Told, form: Form, clock: ManualClock) -> None:
    with retold.configure(exporters=[Live("a", told), Live("b", told)]):
        form.perform(policy(clock), Failing(OSError, "page"))

    names = {"call_started": "ab", "attempt_started": "ab"}
    calls = [
        "call_started",
        "attempt_started",
        "attempt_ended",
        "retry_scheduled",
        "attempt_started",
        "attempt_ended",
        "call_ended",
    ]
    assert order(told) == [(name, what) for what in calls for name in names.get(what, "ba")]


def test_a_retrospective_exporter_is_told_of_a_success_at_once_in_one_word(
    told: Told, form: Form, clock: ManualClock
) -> None:
    with retold.configure(exporters=[Witness("late", told), Deaf("deaf", told)]):
        form.perform(policy(clock), Failing("page"))

    assert order(told) == [("late", "call_ended at once")]


def test_from_the_first_failure_on_it_is_told_everything(told: Told, form: Form, clock: ManualClock) -> None:
    with retold.configure(exporters=[Witness("late", told)]):
        form.perform(policy(clock), Failing(OSError, "page"))

    assert [what for _, what in order(told)] == [
        "call_started",
        "attempt_started",
        "attempt_ended",
        "retry_scheduled",
        "attempt_started",
        "attempt_ended",
        "call_ended",
    ]


def test_what_it_is_told_late_has_the_time_at_which_it_was(told: Told, clock: ManualClock) -> None:
    def work() -> None:
        clock.advance(5)
        raise ValueError

    with retold.configure(exporters=[Live("live", told), Witness("late", told)]), pytest.raises(ValueError):
        policy(clock).call(work)

    times = {(name, what): event.time for name, what, event in told}
    assert times["late", "call_started"] == times["late", "attempt_started"]
    assert times["late", "attempt_started"] == times["late", "attempt_ended"] - 5_000_000_000


def test_live_ones_are_told_of_starts_before_and_of_ends_after_all_others(told: Told, clock: ManualClock) -> None:
    with retold.configure(exporters=[Witness("late", told), Live("live", told)]), pytest.raises(ValueError):
        policy(clock).call(Failing(ValueError))

    assert order(told) == [
        ("live", "call_started"),
        ("live", "attempt_started"),
        ("late", "call_started"),
        ("late", "attempt_started"),
        ("late", "attempt_ended"),
        ("live", "attempt_ended"),
        ("late", "call_ended"),
        ("live", "call_ended"),
    ]


def test_the_five_methods_may_all_be_left_as_they_are(form: Form, clock: ManualClock) -> None:
    class Quiet(Exporter):
        live = True

    quiet = Quiet()
    with retold.configure(exporters=[quiet, Exporter()]):
        assert form.perform(policy(clock), Failing(OSError, "page")) == "page"
        quiet.close()

    assert not [count for count in JOURNAL.collect()[EXPORTER_FAILURES].values() if count]


def test_concurrent_calls_have_states_of_their_own(told: Told, clock: ManualClock) -> None:
    class Counting(Live):
        def call_started(self, event: CallStarted) -> str:
            super().call_started(event)
            return "state of a"

        def call_ended(self, state: str | None, event: CallEnded) -> None:
            self.told.append((self.name, event.operation, state))

    inner = policy(clock).replace(operation="inner")
    with retold.configure(exporters=[Counting("a", told)]):
        policy(clock).call(lambda: inner.call(Failing("page")))

    assert [(what, state) for _, what, state in told if what in ("inner", "shop.fetch")] == [
        ("inner", "state of a"),
        ("shop.fetch", "state of a"),
    ]

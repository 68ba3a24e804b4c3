"""What an exporter is: the five things it is told, and `close`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retold.events import AttemptEnded, AttemptStarted, CallEnded, CallStarted, RetryScheduled


class Exporter:
    """Turns the facts of calls into one backend's language.

    Override what you need. Every method is told in the caller's thread or task, while the caller waits, and cannot
    change the call: an `Exception` that it raises is counted under `name` and logged, and the call goes on.

    What `call_started` returns is handed to the other four as `state`, so concurrent and nested calls never
    mix. An exporter whose `call_started` raised is told nothing more about that call.

    A *live* exporter (`live = True`) is told each fact at its moment. A *retrospective* one (the default) is told
    nothing before the first attempt that does not succeed; then `call_started` and `attempt_started`, late and
    with their own earlier times, and from there on each fact at its moment. A call that succeeds at once is to it
    one `call_ended` with `state` None, which it can refuse with `hears_success = False`.

    `attempt_ended` is told while whatever `attempt_started` made current still is; live exporters are told starts
    before, and ends after, all others.

    `retold.testing.check_exporter` runs an exporter through every lifecycle of a call, and says what it does wrong.
    """

    name: str = ""
    live: bool = False
    makes_current: bool = False
    """Whether something of its own is current between starts and ends, as a span is. A retrospective exporter that
    does so is told starts before, and ends after, the other retrospective ones."""
    hears_success: bool = True
    hears_durations: bool = True
    """Whether it has a use for durations and times. A retrospective exporter without one spares successful calls
    the clock; to it, calls begin with their first failure."""
    wake_signs: tuple[tuple[Mapping[str, object], str], ...] = ()
    """Where calls can see for themselves that `is_awake` has to be asked: namespaces, and keys of them that are
    identifiers. It stays False while all of these are None."""
    reads_journal: bool = False
    """Whether this exporter exports metrics, which are not told but read from the journal."""

    def is_awake(self) -> bool:
        """Whether there is anything to tell. While it is not, calls pass this exporter by.

        Asked at every call until the answer is yes, and never again: it must be cheap.
        """
        return True

    def wants_call(self) -> bool:
        """Whether a call that begins now would be told of anything. Asked, where overridden, of live exporters only.

        It must be cheap: it is asked at every call. If all live exporters decline, the call passes them by.
        """
        return True

    def call_started(self, event: CallStarted) -> Any:
        """A call began. Return the state that the other methods are handed for this call."""

    def attempt_started(self, state: Any, event: AttemptStarted) -> None:
        """The function is about to run."""

    def attempt_ended(self, state: Any, event: AttemptEnded) -> None:
        """The function has returned or raised."""

    def retry_scheduled(self, state: Any, event: RetryScheduled) -> None:
        """The attempt failed, and the wait before the next one is about to begin."""

    def call_ended(self, state: Any, event: CallEnded) -> None:
        """The call is over; nothing more is told about it."""

    def close(self) -> None:
        """Let go of what the exporter holds. Told once, by whoever made it."""

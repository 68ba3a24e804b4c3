"""An exporter under observation: it is told what it would be told, and looked at before and after."""

from __future__ import annotations

import math
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from retold.events import AttemptEnded, AttemptStarted, CallEnded, CallStarted, RetryScheduled
from retold.exporter import Exporter
from retold.testing.faults import Found

_Event: TypeAlias = CallStarted | AttemptStarted | AttemptEnded | RetryScheduled | CallEnded

_OWN_STATE = "what belongs to one call is in what call_started returned, for calls run at the same time"


class Pace:
    """How often a method was told, and how fast it was at best, in seconds."""

    def __init__(self) -> None:
        self.told = 0
        self.fastest = math.inf

    def add(self, seconds: float) -> None:
        self.told += 1
        self.fastest = min(seconds, self.fastest)


class Watched(Exporter):
    """Passes everything on to another exporter, and notes what it does wrong.

    Attributes:
        inside: The methods that have not returned, by thread.

    Args:
        inner: The other exporter.
        found: Where what it does wrong goes.
        paces: How fast its methods are; kept up to date.
    """

    def __init__(self, inner: Exporter, found: Found, paces: dict[str, Pace]) -> None:
        self.name = inner.name or type(inner).__qualname__
        self.inside: dict[int, str] = {}
        self._inner = inner
        self._found = found
        self._paces = paces

    def is_awake(self) -> bool:
        try:
            awake = self._inner.is_awake()
        except Exception as error:  # noqa: BLE001 - whatever it raises is what was looked for
            self._found.add("is_awake raises nothing", f"it raised {told(error)}")
            return False
        if not awake:
            self._found.add("the exporter to be checked is awake, and can be told", "is_awake() returned False")
        return awake

    def wants_call(self) -> bool:
        try:
            return self._inner.wants_call()
        except Exception as error:
            self._found.add("wants_call raises nothing", f"it raised {told(error)}")
            raise

    def call_started(self, event: CallStarted) -> Any:
        return self._tell("call_started", event)

    def attempt_started(self, state: Any, event: AttemptStarted) -> None:
        self._tell("attempt_started", event, state)

    def attempt_ended(self, state: Any, event: AttemptEnded) -> None:
        self._tell("attempt_ended", event, state)

    def retry_scheduled(self, state: Any, event: RetryScheduled) -> None:
        self._tell("retry_scheduled", event, state)

    def call_ended(self, state: Any, event: CallEnded) -> None:
        self._tell("call_ended", event, state)

    def close(self) -> None:
        """Close it twice, as two who made it would."""
        self.inside[threading.get_ident()] = "close"
        for expected in ("close raises nothing", "close can be told again, and raises nothing"):
            try:
                self._inner.close()
            except BaseException as error:  # noqa: BLE001 - whatever it raises is what was looked for
                self._found.add(expected, f"it raised {told(error)}")
                return

    def _tell(self, method: str, event: _Event, *state: Any) -> Any:
        before, attributes = _facts(event), dict(_attributes(self._inner))
        thread = threading.get_ident()
        self.inside[thread] = method
        began = time.perf_counter()
        try:
            made = getattr(self._inner, method)(*state, event)
        except BaseException as error:
            self._found.add(f"{method} raises nothing", f"it raised {told(error)}")
            raise
        finally:
            self._paces.setdefault(method, Pace()).add(time.perf_counter() - began)
            del self.inside[thread]
            self._compare(method, before, _facts(event))
        self._look_for_own_state(method, event, made if method == "call_started" else state[0], attributes)
        return made

    def _compare(self, method: str, before: Mapping[str, object], after: Mapping[str, object]) -> None:
        for fact, value in after.items():
            if before[fact] != value:
                self._found.add("errors stay as they are", f"{method} changed {fact}")

    def _look_for_own_state(self, method: str, event: _Event, state: Any, before: Mapping[str, object]) -> None:
        """Whether a call's own things were put where the next call puts its own."""
        for name, value in _attributes(self._inner).items():
            if before.get(name, self) is value:
                continue
            what = _what_is(value, event, state)
            if what is not None:
                self._found.add(_OWN_STATE, f"{method} put {what} into self.{name}")


def watch(inner: Exporter, found: Found, paces: dict[str, Pace]) -> Watched:
    """An exporter that is told when `inner` would be, and passes it on."""
    like_it = {name: getattr(inner, name) for name in ("live", "hears_success", "hears_durations", "makes_current")}
    kind: type[Watched] = type("Watched", (Watched,), like_it)
    return kind(inner, found, paces)


def told(error: BaseException) -> str:
    """An exception in one line, whatever its text is, and where it was raised."""
    text = "".join(traceback.format_exception_only(error)).strip().splitlines()[0]
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{text} ({Path(place.filename).name}:{place.lineno})"


def _attributes(exporter: Exporter) -> Mapping[str, object]:
    return getattr(exporter, "__dict__", {})


def _what_is(value: object, event: _Event, state: Any) -> str | None:
    if value is event:
        return f"the {type(event).__name__} event"
    if value is not None and value is state:
        return "the state of a call"
    if value is event.operation:
        return "the operation of a call"
    if isinstance(event, AttemptEnded) and value is not None and value is event.error:
        return "the error of an attempt"
    return None


def _facts(event: _Event) -> dict[str, object]:
    """What can be seen of the error in an event; the event itself cannot be changed."""
    error = event.error if isinstance(event, AttemptEnded) else None
    if error is None:
        return {}
    return {
        "the error's args": error.args,
        "the error's notes": tuple(getattr(error, "__notes__", ())),
        "the error's cause": (id(error.__cause__), error.__suppress_context__),
        "the error's context": id(error.__context__),
        "the error's traceback": id(error.__traceback__),
    }

"""Calls that nobody is told of; at most they are counted.

Their loops, `sync.again` and `aio.again`, do the usual and nothing else: an attempt fails, a wait is decided upon, the
next attempt runs. Whatever is unusual they hand to a `Call`, which knows it all and costs more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from retold.core.decision import Decide, Step
from retold.events import Outcome
from retold.journal import Page
from retold.runners import nested
from retold.runners.audience import Audience
from retold.runners.call import Call
from retold.runners.error_types import error_type
from retold.runners.notes import note
from retold.runners.plan import Plan

Next: TypeAlias = float | Call
"""How a call goes on after a failed attempt: with a wait of so many seconds, or in a way that is not usual."""

_ABORTED = Outcome.ABORTED
_CANCELLED = Outcome.CANCELLED


class Listeners(Protocol):
    """Who heard of a call when it began."""

    @property
    def audience(self) -> Audience: ...
    @property
    def page(self) -> Page | None: ...


class Untold:
    """What the calls of one function share, and what they do when something has happened.

    Whatever leads to these calls is one, and sets what is declared here.

    Attributes:
        unlooked: Whether none of them has retried yet, and so looked whether it is nested.

    The arguments of the methods:
        who: Who heard of the call when it began.
        page: Where the call is counted, if it is.
        began: When its first attempt began, if anybody looked.
        number: The attempt that ran.
        delay: Seconds of the wait before it.
        waited: Seconds of all waits.
        since: When the attempt or the wait began, if the call is counted.
    """

    __slots__ = ("_decide", "_name", "_now", "operation", "plan", "unlooked")
    plan: Plan
    operation: str
    unlooked: bool
    _decide: Decide
    _now: Callable[[], float]
    _name: str

    def begin(self) -> Call:
        """A call that is told of from its start."""
        return Call(self.plan, self.operation, self._name)

    def failed(
        self,
        error: BaseException,
        who: Listeners,
        began: float | None,
        number: int,
        delay: float,
        waited: float,
        since: float | None,
        step: Step | None,
    ) -> Next | None:
        """An attempt raised; `step` is what has been decided, if it has. None if the call ends by this error."""
        page = who.page
        if not who.audience.silent:
            return self._told_late(error, who, began)
        if page is None:
            if isinstance(step, Outcome) and step is not _ABORTED:
                if number > 1 or step.is_give_up:
                    note(error, self.operation, step, number, waited)
                return None
        else:
            assert since is not None
            now = self._now()
            try:
                step = self._decide(error, number, began, delay)
            except BaseException as bug:
                self._resumed(page, began, number, delay, waited, since).misjudged(error, bug)
                raise
            if type(step) is float:
                if step:
                    page.attempt_raised(now - since, error_type(error))
                else:
                    page.attempt_repeated(now - since, error_type(error))
                return step
        call = self._resumed(page, began, number, delay, waited, since)
        return None if call.failed(error, step) else call

    def _told_late(self, error: BaseException, who: Listeners, began: float | None) -> Call | None:
        """The first attempt raised, and somebody is told of the call from here on."""
        call = self.begin()
        try:
            call.join(who.audience, who.page, began)
            return None if call.failed(error) else call
        except BaseException:
            call.close()
            raise

    def succeeded(self, page: Page, began: float | None, number: int, since: float) -> None:
        """A further attempt returned."""
        assert began is not None
        now = self._now()
        page.call_recovered(now - since, number, now - began)

    def look(self, page: Page | None, began: float | None, delay: float) -> bool:
        """Whether a call is nested that is about to retry for the first time; warns. What is not counted looks once."""
        self.unlooked = False
        try:
            return nested.retries(self.operation, self.plan.rules.attempts, counted=page is not None)
        except BaseException:  # the warning as an error
            self.interrupted(page, began, 1, delay, self._now())
            raise

    def interrupted(self, page: Page | None, began: float | None, number: int, delay: float, since: float) -> None:
        """Something was raised in the wait after an attempt."""
        if page is not None:
            assert began is not None
            now = self._now()
            if delay:
                page.wait_ended(now - since)
            page.call_ended(_CANCELLED, number, now - began, fallback=False)

    def _resumed(
        self,
        page: Page | None,
        began: float | None,
        number: int,
        delay: float,
        waited: float,
        since: float | None,
    ) -> Call:
        call = self.begin()
        call.resume(page, began, number, delay, waited, since)
        return call

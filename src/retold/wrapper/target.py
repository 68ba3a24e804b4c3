"""A decorated function: its wrapper, what that leads to, and how its code follows those who listen."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any
from weakref import ref

from retold.journal import JOURNAL, Page
from retold.runners import audience
from retold.runners.audience import Audience
from retold.runners.call import Call
from retold.runners.story import Story
from retold.runners.untold import Untold
from retold.wrapper.listening import Listening, Manners
from retold.wrapper.signature import Shape


class Target(Untold):
    """A function under a policy.

    Its wrapper's code is exchanged when other exporters are configured. Frames that run keep the code they began
    with, and what that code loads when a call begins is never given another meaning; so a call reports, whole,
    to those who listened when it began.
    """

    __slots__ = ("_manners", "_shape", "_unsettled", "_wrapper")
    _wrapper: ref[FunctionType]

    def __init__(self, manners: Manners, operation: str, name: str, shape: Shape | None) -> None:
        self.plan = manners.plan
        self.operation = operation
        self.unlooked = True
        self._decide = manners.decide
        self._now = manners.now
        self._name = name
        self._shape = shape
        self._manners = manners

    def wrapper(
        self, function: Callable[..., Any], name: str, qualname: str, defaults: tuple[Any, ...] | None = None
    ) -> FunctionType:
        """A new wrapper for the function, which is called so and has these defaults."""
        listeners = audience.latest
        if listeners.asleep:
            listeners = audience.current()
        manner = self._manners.last
        if manner is None or manner.audience is not listeners:
            manner = self._manners.to(listeners)
        names = manner.namespace.copy()
        names["_retold_function"] = function
        names["_retold_target"] = self
        self._unsettled = manner.unsettled
        # Code of its own, since what CPython learns about a call it keeps there.
        wrapper = FunctionType(
            manner.code(self._shape).replace(co_name=name, co_qualname=qualname), names, None, defaults
        )
        self._wrapper = ref(wrapper, _wrappers.discard)
        _wrappers.add(self._wrapper)
        # Whoever changes exporters goes through the wrappers afterwards: who is not there yet sees the change here.
        if audience.latest is not listeners:
            with audience.CHANGING:
                self.listen(audience.current())
        return wrapper

    def listen(self, listeners: Audience, page: Page | None = None) -> None:
        """Have calls that begin from now on report to this audience. Under `audience.CHANGING`."""
        wrapper = self._wrapper()
        if wrapper is None:
            return
        manner = self._manners.to(listeners)
        settles = manner.unsettled and page is not None
        self._unsettled = manner.unsettled and not settles
        # Before the code that loads it: what the code before loads stays right for calls that have yet to load it.
        wrapper.__globals__.update(manner.names_with(page) if settles else manner.names)
        before, code = wrapper.__code__, manner.code(self._shape, settled=settles)
        wrapper.__code__ = code.replace(co_name=before.co_name, co_qualname=before.co_qualname)

    def begin_whole(self) -> Call:
        """A call that is ordinary code from its start."""
        if self._unsettled:
            self._settle()
        return self.begin()

    def tell(self, who: Listening) -> Story:
        """A call begins of which somebody is told."""
        listeners = who.everyone.for_call() if who.choosing else who.everyone
        story = Story(listeners, self.plan.rules, self.operation, self._name)
        if who.page is not None:
            who.page.call_began()
        try:
            story.attempt_started(1)
        except BaseException as error:
            self.told_failed(error, who, None, story)
            raise
        return story

    def told_succeeded(self, who: Listening, story: Story, duration: float) -> None:
        """The first attempt of a call of which somebody is told has returned."""
        if who.page is not None:
            who.page.succeeded_at_once(duration)
        story.succeeded_at_once(duration)

    def told_failed(self, error: BaseException, who: Listening, began: float | None, story: Story) -> Call | None:
        """The first attempt of such a call raised: the call that goes on, or None if it ends by raising this error."""
        call = self.begin()
        try:
            call.join(who.everyone, who.page, began, story)
            return None if call.failed(error) else call
        except BaseException:
            call.close()
            raise

    def _settle(self) -> None:
        page = JOURNAL.page(self.operation)
        with audience.CHANGING:
            if self._unsettled:
                self.listen(audience.current(), page)


_wrappers: set[ref[FunctionType]] = set()


def _listen_all(listeners: Audience) -> None:
    for reference in _wrappers.copy():
        wrapper = reference()
        if wrapper is not None:
            wrapper.__globals__["_retold_target"].listen(listeners)


audience.CHANGED.append(_listen_all)

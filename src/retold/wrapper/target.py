"""A decorated function: what its wrapper leads to, and how the wrapper listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType, MappingProxyType
from typing import Any
from weakref import WeakSet, ref

from retold.core.decision import Decide
from retold.core.rules import MISSING
from retold.journal import JOURNAL, Page
from retold.naming import name_of
from retold.runners import aio, audience, sync
from retold.runners.audience import Audience
from retold.runners.call import Call
from retold.runners.plan import Plan
from retold.runners.story import Story
from retold.runners.untold import Untold
from retold.wrapper.signature import ANYTHING, Signature
from retold.wrapper.template import Way, code, listening, sign

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Listening:
    """Who hears of a call, as its wrapper loads it when the call begins: one object, so that it cannot be mixed up.

    Attributes:
        everyone: The exporters.
        audience: Those of them that are left when those who are asked do not want the call.
        wanted: Asks them; None if nobody is asked.
        page: Where the journal is written, if it is.
        decide: What to do after the first attempt failed; nothing yet, where somebody is to be told before.
        note, notes, fold: The page's list, its `append`, and what to call when it has grown long.
    """

    __slots__ = ("audience", "decide", "everyone", "fold", "note", "notes", "page", "wanted")

    def __init__(self, everyone: Audience, decide: Decide, page: Page | None, *, asks: bool) -> None:
        self.everyone = everyone
        self.audience = (everyone.unwanted or everyone) if asks else everyone
        self.wanted = everyone.wanted if asks else None
        self.decide = decide if self.audience.silent else _undecided
        self.page = page
        if page is not None:
            self.notes = page.entries
            self.note = page.write
            self.fold = page.fold_now


class Target:
    """A function under a policy.

    Its wrapper's code is exchanged when other exporters are configured. Frames that run keep the code they began
    with, and what that code loads when a call begins is never given another meaning; so a call reports, whole,
    to those who listened when it began.
    """

    def __init__(self, plan: Plan, function: Callable[..., Any], operation: str, *, asynchronous: bool) -> None:
        self._plan = plan
        self._function = function
        self._operation = operation
        self._name = name_of(function)
        self._asynchronous = asynchronous
        self._unsettled = False

    def wrapper(self, signature: Signature | None) -> FunctionType:
        """A new wrapper; with parameters that take anything where there is no signature."""
        self._signature = ANYTHING if signature is None else signature
        runner = aio if self._asynchronous else sync
        untold = Untold(self._plan, self._operation, self._name)
        names: dict[str, Any] = {
            "__name__": __name__,
            "_retold_again": runner.loop(untold, self._function),
            "_retold_any": BaseException,
            "_retold_begin": self._begin,
            "_retold_failed": untold.failed,
            "_retold_float": float,
            "_retold_function": self._function,
            "_retold_len": len,
            "_retold_nothing": _NOTHING,
            "_retold_now": self._plan.clock.now,
            "_retold_run": runner.run,
            "_retold_succeeded": self._succeeded,
            "_retold_tell": self._tell,
            "_retold_told_failed": self._failed,
            "_retold_type": type,
        }
        wrapper = FunctionType(code(self._signature, Way.ORDINARY, self._asynchronous, ()), names)
        if signature is not None:
            wrapper.__defaults__ = self._function.__defaults__
            wrapper.__kwdefaults__ = self._function.__kwdefaults__
        self._wrapper = ref(wrapper)
        with audience.CHANGING:  # which whoever goes through the targets holds
            _targets.add(self)
            self.listen(audience.current())
        return wrapper

    def listen(self, listeners: Audience) -> None:
        """Have calls that begin from now on report to this audience. Under `audience.CHANGING`."""
        wrapper = self._wrapper()
        if wrapper is None:
            return
        # The first call has the operation take its page: until then it is ordinary code.
        self._unsettled = listeners.journaling and self._ways(listeners)[0] is not Way.ORDINARY
        self._install(wrapper, listeners, None)

    def _begin(self) -> Call:
        """A call that is ordinary code from its start."""
        if self._unsettled:
            self._settle()
        return Call(self._plan, self._operation, self._name)

    def _tell(self, who: Listening) -> Story:
        """A call begins of which somebody is told."""
        story = Story(who.everyone, self._plan.rules, self._operation, self._name)
        if who.page is not None:
            who.page.call_began()
        try:
            story.attempt_started(1)
        except BaseException as error:
            self._failed(error, who, None, story)
            raise
        return story

    def _succeeded(self, who: Listening, story: Story, duration: float) -> None:
        """The first attempt of a call of which somebody is told has returned."""
        if who.page is not None:
            who.page.succeeded_at_once(duration)
        story.succeeded_at_once(duration)

    def _failed(self, error: BaseException, who: Listening, began: float | None, story: Story) -> Call | None:
        """The first attempt of such a call raised: the call that goes on, or None if it ends by raising this error."""
        call = Call(self._plan, self._operation, self._name)
        try:
            call.join(who.everyone, who.page, began, story)
            return None if call.failed(error) else call
        except BaseException:
            call.close()
            raise

    def _ways(self, listeners: Audience) -> tuple[Way, bool]:
        """How calls go, and whether those who may want to be told are asked before."""
        rules = self._plan.rules
        if listeners.signs is None or rules.on_result is not None or rules.fallback is not MISSING:
            return Way.ORDINARY, False
        others = listeners.unwanted or listeners
        if others.hears_success:
            return Way.TOLD, False
        asks = others is not listeners
        if listeners.journaling:
            return Way.COUNTED, asks
        return Way.TIMED if rules.timeout is not None or others.timed else Way.QUIET, asks

    def _settle(self) -> None:
        page = JOURNAL.page(self._operation)
        with audience.CHANGING:
            wrapper, listeners = self._wrapper(), audience.current()
            if wrapper is not None and self._unsettled:
                self._unsettled = False
                self._install(wrapper, listeners, page)

    def _install(self, wrapper: FunctionType, listeners: Audience, page: Page | None) -> None:
        signs = listeners.signs or ()
        names = wrapper.__globals__
        for index, (namespace, key) in enumerate(signs):
            names[sign(index, key)] = namespace
        way, asks = (Way.ORDINARY, False) if self._unsettled else self._ways(listeners)
        # Before the code that loads it: what the code before loads stays right for calls that have yet to load it.
        names[listening(way, asks=asks)] = Listening(listeners, self._plan.decide, page, asks=asks)
        wrapper.__code__ = self._code(way, tuple(key for _, key in signs), asks=asks)

    def _code(self, way: Way, signs: tuple[str, ...], *, asks: bool) -> Any:
        """Code of this wrapper's own, since what CPython learns about a call it keeps there."""
        shared = code(self._signature, way, self._asynchronous, signs, asks)
        name = self._name.rpartition(".")[2]
        return shared.replace(co_name=name, co_qualname=name)


def _undecided(error: BaseException, number: int, began: float | None, previous: float, /) -> None:
    """Where somebody is told of what failed before it is decided what comes next."""


_targets: WeakSet[Target] = WeakSet()


def _listen_all(listeners: Audience) -> None:
    for target in list(_targets):
        target.listen(listeners)


audience.CHANGED.append(_listen_all)

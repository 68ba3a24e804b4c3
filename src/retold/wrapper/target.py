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
from retold.runners.untold import Untold
from retold.wrapper.signature import ANYTHING, Signature
from retold.wrapper.template import Way, code, sign

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Listening:
    """Who hears of a call, as its wrapper loads it when the call begins: one object, so that it cannot be mixed up.

    Attributes:
        audience: The exporters.
        page: Where the journal is written, if it is.
        decide: What to do after the first attempt failed; nothing yet, where somebody is to be told before.
        note, notes, fold: The page's list, its `append`, and what to call when it has grown long.
    """

    __slots__ = ("audience", "decide", "fold", "note", "notes", "page")

    def __init__(self, audience: Audience, decide: Decide, page: Page | None = None) -> None:
        self.audience = audience
        self.decide = decide if audience.silent else _undecided
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
            "_retold_failed": untold.first_failed,
            "_retold_float": float,
            "_retold_function": self._function,
            "_retold_len": len,
            "_retold_nothing": _NOTHING,
            "_retold_now": self._plan.clock.now,
            "_retold_run": runner.run,
            "_retold_type": type,
        }
        wrapper = FunctionType(code(self._signature, Way.TOLD, self._asynchronous, ()), names)
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
        way = self._way(listeners)
        self._unsettled = way is Way.COUNTED
        if self._unsettled:
            way = Way.TOLD  # until the first call, which has the operation take its page
        self._install(wrapper, way, Listening(listeners, self._plan.decide))

    def _begin(self) -> Call:
        """A call that is ordinary code from its start."""
        if self._unsettled:
            self._settle()
        return Call(self._plan, self._operation, self._name)

    def _way(self, listeners: Audience) -> Way:
        rules = self._plan.rules
        if listeners.hears_success or listeners.signs is None:
            return Way.TOLD
        if rules.on_result is not None or rules.fallback is not MISSING:
            return Way.TOLD
        if listeners.journaling:
            return Way.COUNTED
        return Way.TIMED if rules.timeout is not None or listeners.timed else Way.QUIET

    def _settle(self) -> None:
        page = JOURNAL.page(self._operation)
        with audience.CHANGING:
            wrapper, listeners = self._wrapper(), audience.current()
            if wrapper is not None and self._unsettled:
                self._unsettled = False
                self._install(wrapper, Way.COUNTED, Listening(listeners, self._plan.decide, page))

    def _install(self, wrapper: FunctionType, way: Way, listening: Listening) -> None:
        signs = listening.audience.signs or ()
        names = wrapper.__globals__
        for index, (namespace, key) in enumerate(signs):
            names[sign(index, key)] = namespace
        # Before the code that loads it: what the code before loads stays right for calls that have yet to load it.
        if way is Way.COUNTED:
            names["_retold_counting"] = listening
        elif way is not Way.TOLD:
            names["_retold_quiet"] = listening
        wrapper.__code__ = self._code(way, tuple(key for _, key in signs))

    def _code(self, way: Way, signs: tuple[str, ...]) -> Any:
        """Code of this wrapper's own, since what CPython learns about a call it keeps there."""
        shared = code(self._signature, way, self._asynchronous, signs)
        name = self._name.rpartition(".")[2]
        return shared.replace(co_name=name, co_qualname=name)


def _undecided(error: BaseException, number: int, began: float | None, previous: float, /) -> None:
    """Where somebody is told of what failed before it is decided what comes next."""


_targets: WeakSet[Target] = WeakSet()


def _listen_all(listeners: Audience) -> None:
    for target in list(_targets):
        target.listen(listeners)


audience.CHANGED.append(_listen_all)

"""Who hears of a call, and how the wrappers of a policy listen."""

from __future__ import annotations

from collections.abc import Mapping
from types import CodeType, MappingProxyType
from typing import Any

from retold.core.decision import Decide
from retold.core.rules import MISSING, Rules
from retold.journal import Page
from retold.runners import aio, sync
from retold.runners.audience import Audience
from retold.runners.call import Call
from retold.runners.plan import Plan
from retold.wrapper.signature import Shape
from retold.wrapper.template import Way, code, listening, sign

_SHAPES = 256
"""Kinds of parameters for which a policy remembers the code."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Listening:
    """Who hears of a call, as its wrapper loads it when the call begins: one object, so that it cannot be mixed up.

    Attributes:
        everyone: The exporters.
        audience: Those of them that are left when those who are asked do not want the call.
        wanted: Asks them; None if nobody is asked.
        choosing: Whether those who may not want the call are to be asked by who tells it.
        page: Where the journal is written, if it is.
        decide: What to do after the first attempt failed; nothing yet, where somebody is to be told before.
        note, notes, fold: The page's list, its `append`, and what to call when it has grown long.
    """

    __slots__ = ("audience", "choosing", "decide", "everyone", "fold", "note", "notes", "page", "wanted")

    def __init__(self, everyone: Audience, decide: Decide, page: Page | None, *, asks: bool) -> None:
        self.everyone = everyone
        self.audience = (everyone.unwanted or everyone) if asks else everyone
        self.wanted = everyone.wanted if asks else None
        self.choosing = not asks and everyone.unwanted is not None
        self.decide = decide if self.audience.silent else _undecided
        self.page = page
        if page is not None:
            self.notes = page.entries
            self.note = page.write
            self.fold = page.fold_now


def _undecided(error: BaseException, number: int, began: float | None, previous: float, /) -> None:
    """Where somebody is told of what failed before it is decided what comes next."""


class Manner:
    """How the wrappers of one kind under one policy listen to one audience.

    Attributes:
        audience: That audience.
        unsettled: Whether they write on their operation's page, which the first call of each has it take: until then
            it is ordinary code.
        names: What their code loads for this audience.
        namespace: All that it loads, with places for what is each function's own; to be copied.
    """

    __slots__ = (
        "_asks",
        "_asynchronous",
        "_codes",
        "_earns",
        "_heard",
        "_plan",
        "_signs",
        "_way",
        "audience",
        "names",
        "namespace",
        "unsettled",
    )

    def __init__(self, plan: Plan, audience: Audience, shared: dict[str, Any], *, asynchronous: bool) -> None:
        signs = audience.signs or ()
        self._plan = plan
        self.audience = audience
        self._heard = plan.heard_by(audience)
        self._way, self._asks = _ways(plan.rules, self._heard)
        self.unsettled = audience.journaling and self._way is not Way.ORDINARY
        self._earns = plan.rules.budget is not None
        self._asynchronous = asynchronous
        self._signs = tuple(key for _, key in signs)
        self._codes: dict[Shape | None, CodeType] = {}
        self.names: dict[str, Any] = {sign(index, key): namespace for index, (namespace, key) in enumerate(signs)}
        if not self.unsettled:
            self.names |= self.names_with(None)
        self.namespace = shared | self.names

    def names_with(self, page: Page | None) -> dict[str, Any]:
        """What the code loads for this audience where calls are written on this page."""
        who = Listening(self._heard, self._plan.decide, page, asks=self._asks)
        return self.names | {listening(self._way, asks=self._asks): who}

    def code(self, shape: Shape | None, *, settled: bool = False) -> CodeType:
        """The code of wrappers with these parameters, which each has a copy of."""
        if settled:
            return code(shape, self._way, self._asynchronous, self._signs, self._asks, self._earns)
        found = self._codes.get(shape)
        if found is None:
            way, asks = (Way.ORDINARY, False) if self.unsettled else (self._way, self._asks)
            found = code(shape, way, self._asynchronous, self._signs, asks, self._earns)
            if len(self._codes) < _SHAPES:  # some programs make functions as they go
                self._codes[shape] = found
        return found


def _ways(rules: Rules, listeners: Audience) -> tuple[Way, bool]:
    """How calls go, and whether those who may want to be told are asked before."""
    if (
        listeners.signs is None
        or rules.on_result is not None
        or rules.fallback is not MISSING
        or rules.attempt_timeout is not None
    ):
        return Way.ORDINARY, False
    others = listeners.unwanted or listeners
    if others.hears_success:
        return Way.TOLD, False
    asks = others is not listeners
    if listeners.journaling:
        return Way.COUNTED, asks
    return Way.TIMED if rules.timeout is not None or others.timed else Way.QUIET, asks


class Manners:
    """How the wrappers of one kind under one policy listen: what they share, so that a decoration makes little.

    Attributes:
        plan: The policy; it keeps them.
        decide, now: Its decisions, and the time on its clock.
        last: How they listened last.
    """

    __slots__ = ("_asynchronous", "_shared", "decide", "last", "now", "plan")

    def __init__(self, plan: Plan, *, asynchronous: bool) -> None:
        # Two threads may each make them, and either's will do.
        plan.manners[asynchronous] = self
        self.plan = plan
        self.decide, self.now = plan.decide, plan.clock.now
        self.last: Manner | None = None
        self._asynchronous = asynchronous
        runner = aio if asynchronous else sync
        self._shared: dict[str, Any] = {
            "__name__": __package__,  # by which warnings know whose frame it is
            "_retold_again": runner.loop(plan),
            "_retold_any": BaseException,
            "_retold_call_type": Call,
            "_retold_float": float,
            "_retold_function": None,
            "_retold_len": len,
            "_retold_nothing": _NOTHING,
            "_retold_now": plan.clock.now,
            "_retold_part": "wrapper",
            "_retold_run": runner.run,
            "_retold_target": None,
            "_retold_type": type,
        }
        if plan.rules.budget is not None:
            self._shared["_retold_earn"] = plan.rules.budget.bucket.earn

    def to(self, listeners: Audience) -> Manner:
        """How to listen to this audience; kept for the next to ask."""
        manner = self.last
        if manner is None or manner.audience is not listeners:
            manner = self.last = Manner(self.plan, listeners, self._shared, asynchronous=self._asynchronous)
        return manner

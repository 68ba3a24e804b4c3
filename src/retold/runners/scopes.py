"""Stretches of a context whose calls do otherwise than their policies say: for tests."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace
from weakref import WeakKeyDictionary

from retold.core.ports import Clock
from retold.runners import audience
from retold.runners.plan import Plan


class Scope:
    """What holds, from `enter` to `leave`, for the calls that begin in a context and in the tasks that it starts.

    Other contexts, and so other threads, know nothing of it, and a task that outlives it is free of it. A call follows
    one plan to its end. Calls outside pay nothing while there is no scope in the process; while there is one, wrappers
    are ordinary code from the first attempt on, and whoever begins a call looks up its plan.

    Args:
        clock: The clock of policies that were not given one; None for the one that they have outside of it.
        disabled: Whether every policy makes a single attempt.
    """

    __slots__ = ("_clock", "_disabled", "_outer", "_over", "_plans")

    def __init__(self, *, clock: Clock | None = None, disabled: bool = False) -> None:
        self._clock = clock
        self._disabled = disabled
        self._over = False
        self._outer: Scope | None = None
        self._plans: WeakKeyDictionary[Plan, Plan] = WeakKeyDictionary()

    def enter(self) -> None:
        """Let it hold. Once."""
        self._outer = outer = _innermost()
        if outer is not None:
            self._clock = outer._clock if self._clock is None else self._clock
            self._disabled = self._disabled or outer._disabled
        _scope.set(self)
        audience.attend(1)

    def leave(self) -> None:
        """Let it hold no longer. It may be another context that says so."""
        self._over = True
        _scope.set(_innermost())
        audience.attend(-1)

    def plan(self, plan: Plan) -> Plan:
        """What calls of a policy follow in place of its own plan."""
        made = self._plans.get(plan)
        if made is None:
            rules = plan.rules
            clock = self._clock if rules.clock is None else rules.clock
            attempts = 1 if self._disabled else rules.attempts
            self._plans[plan] = made = Plan(replace(rules, clock=clock, attempts=attempts))
        return made

    @property
    def surviving(self) -> Scope | None:
        """This one, or if it is over the innermost around it that is not."""
        scope: Scope | None = self
        while scope is not None and scope._over:
            scope = scope._outer
        return scope


def plan_now(plan: Plan) -> Plan:
    """What a call follows that begins now under a policy with this plan."""
    scope = _innermost()
    return plan if scope is None else scope.plan(plan)


def _innermost() -> Scope | None:
    scope = _scope.get()
    return None if scope is None else scope.surviving


_scope: ContextVar[Scope | None] = ContextVar("retold_scope", default=None)

"""A policy as its calls need it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from retold.core.decision import Decide, decider
from retold.core.ports import Clock
from retold.core.rules import MISSING, Rules
from retold.runners.audience import Audience
from retold.runners.clocks import SYSTEM_CLOCK
from retold.runners.disabled import by_environment
from retold.runners.hooks import hooks


class Plan:
    """What all calls of a policy share.

    Attributes:
        rules: Its options; a single attempt if the environment has retries off.
        clock: Its clock: the machine's, unless it was given one.
        stopped: Asks its `stop` whether everything is to end; None without one.
        iterable: Whether a plain `for` can be the loop.
        iterated: Whether it has been, so that nothing is left to be checked.
        concerned: Whether the beginning of a call is of interest to others than exporters: to hooks or a budget.
        unheeding: Whether a block that succeeds at once asks nothing of it: no time, and no hooks.
        manners: Kept here by the wrappers of its functions: how they listen.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules = replace(rules, attempts=1) if by_environment() else rules
        self.stopped = rules.stopped
        self.iterable = rules.fallback is MISSING and rules.attempt_timeout is None
        self.iterated = False
        self.hooks = hooks(rules)
        self.concerned = bool(self.hooks) or rules.budget is not None
        self.unheeding = rules.timeout is None and rules.attempt_timeout is None and not self.hooks
        self._heard_by: tuple[Audience, Audience] | None = None
        self.manners: dict[bool, Any] = {}
        self.clock: Clock = SYSTEM_CLOCK if rules.clock is None else rules.clock

    def heard_by(self, audience: Audience) -> Audience:
        """Who hears of its calls where this is the choice of exporters: they, and its hooks."""
        if not self.hooks:
            return audience
        known = self._heard_by
        if known is None or known[0] is not audience:
            known = self._heard_by = audience, audience.joined_by(self.hooks)
        return known[1]

    def begin(self, audience: Audience) -> Audience:
        """A call begins, and its budget earns. Who hears of it, where this is the choice of exporters."""
        if not self.concerned:
            return audience
        if self.rules.budget is not None:
            self.rules.budget.bucket.earn()
        return self.heard_by(audience)

    @cached_property
    def decide(self) -> Decide:
        """Its decisions; made when the first attempt fails, for many policies never see one."""
        import random  # slow to import, and many programs have done it

        return decider(self.rules, self.clock.now, random if self.rules.rng is None else self.rules.rng)

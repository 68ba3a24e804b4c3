"""A policy as its calls need it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from retold.core.decision import Decide, decider
from retold.core.ports import Clock
from retold.core.rules import Rules
from retold.runners.clocks import SYSTEM_CLOCK


class Plan:
    """What all calls of a policy share.

    Attributes:
        rules: Its options.
        clock: Its clock: the machine's, unless it was given one.
        untimed: Whether no decision depends on when a call began.
        manners: Kept here by the wrappers of its functions: how they listen.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.untimed = rules.timeout is None
        self.manners: dict[bool, Any] = {}
        self.clock: Clock = SYSTEM_CLOCK if rules.clock is None else rules.clock

    @cached_property
    def decide(self) -> Decide:
        """Its decisions; made when the first attempt fails, for many policies never see one."""
        import random  # slow to import, and many programs have done it

        return decider(self.rules, self.clock.now, random if self.rules.rng is None else self.rules.rng)

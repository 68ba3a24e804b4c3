"""Incidents that keys begin and end: in one world, or in all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from retold.cli.demo.incident import ByHand, Incident, Phase

_TROUBLE = (Phase.OUTAGE, Phase.STORM, Phase.DEGRADING)  # the worst first


class Switches:
    """The phases of all worlds, and a switch for each.

    Args:
        worlds: By name, what begins an incident there, or ends it.
        planned: The incident that all of them will have anyhow.
        now: Where time comes from.
    """

    def __init__(
        self,
        worlds: Mapping[str, Callable[[bool], None]],
        planned: Incident | None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._worlds = worlds
        self._planned = planned
        self._now = now
        self._began = now()
        self._by_hand: dict[str, ByHand] = {}

    def turn(self, world: str) -> bool:
        """Begin an incident in one world, or end it; whether it has one now."""
        on = world not in self._by_hand
        self._set(world, on)
        return on

    def turn_all(self) -> bool:
        """Begin one in each world that has none, or end all if each has one; whether they have one now."""
        on = len(self._by_hand) < len(self._worlds)
        for world in self._worlds:
            if on is not (world in self._by_hand):
                self._set(world, on)
        return on

    def trouble(self, world: str) -> Phase | None:
        """The phase of a world that is in trouble now."""
        phase = self._phase(world)
        return phase if phase in _TROUBLE else None

    @property
    def told(self) -> str:
        """The phases of now, in few words: one where all worlds have the same, else whose trouble is which."""
        phases = {world: self._phase(world) for world in self._worlds}
        if len(set(phases.values())) == 1:
            return next(iter(phases.values())) or ""
        return ", ".join(
            f"{'+'.join(world for world in phases if phases[world] is phase)} {phase}"
            for phase in _TROUBLE
            if phase in phases.values()
        )

    def _set(self, world: str, on: bool) -> None:
        if on:
            self._by_hand[world] = ByHand(self._now())
        else:
            del self._by_hand[world]
        self._worlds[world](on)

    def _phase(self, world: str) -> Phase | None:
        now = self._now()
        if world in self._by_hand:
            return self._by_hand[world].phase(now)
        return None if self._planned is None else self._planned.phase(now - self._began)

"""The incidents that keys begin: in which worlds they are, since when, and what is told of them."""

from collections.abc import Callable

from retold.cli.demo.incident import DEGRADES_FOR, Incident, Phase
from retold.cli.demo.switches import Switches
from retold.testing import ManualClock

NAMES = ("http", "llm", "store")


class Worlds:
    """Three worlds that write down what they are told, and the switches of them."""

    def __init__(self, planned: Incident | None = None) -> None:
        self.clock = ManualClock()
        self.told: list[tuple[str, bool]] = []
        self.switches = Switches({name: self._hearing(name) for name in NAMES}, planned, self.clock.now)

    def _hearing(self, name: str) -> Callable[[bool], None]:
        return lambda on: self.told.append((name, on))


def test_one_world_is_in_trouble_and_the_others_are_not() -> None:
    worlds = Worlds()
    assert worlds.switches.told == ""

    assert worlds.switches.turn("llm")

    assert worlds.told == [("llm", True)]
    assert worlds.switches.told == "llm degrading"
    assert [worlds.switches.trouble(name) for name in NAMES] == [None, Phase.DEGRADING, None]
    assert not worlds.switches.turn("llm")
    assert worlds.told == [("llm", True), ("llm", False)]
    assert worlds.switches.told == ""


def test_each_incident_goes_its_own_way_and_the_worst_is_told_first() -> None:
    worlds = Worlds()

    worlds.switches.turn("store")
    worlds.clock.advance(DEGRADES_FOR)
    worlds.switches.turn("http")
    assert worlds.switches.told == "store outage, http degrading"
    worlds.clock.advance(DEGRADES_FOR)
    assert worlds.switches.told == "http+store outage"


def test_all_begin_at_once_but_for_those_that_have_begun_and_all_end_at_once() -> None:
    worlds = Worlds()
    worlds.switches.turn("store")

    assert worlds.switches.turn_all()
    assert worlds.told == [("store", True), ("http", True), ("llm", True)]
    assert worlds.switches.told == "degrading"
    assert not worlds.switches.turn_all()
    assert worlds.told[3:] == [("http", False), ("llm", False), ("store", False)]
    assert worlds.switches.told == ""


def test_what_is_planned_is_told_too_and_is_not_ended_by_a_key() -> None:
    worlds = Worlds(Incident(10.0, 30.0))
    assert worlds.switches.told == "before"

    worlds.switches.turn("http")
    assert worlds.switches.told == "http degrading"
    worlds.clock.advance(20.0)
    assert worlds.switches.told == "outage"
    worlds.switches.turn("http")
    assert worlds.switches.told == "outage"
    worlds.clock.advance(20.0)
    assert worlds.switches.told == "after"

"""Cases of the alerts on callers that are failed."""

from tests.dashboards.rules.cases import Case, Firing
from tests.dashboards.rules.traffic import Phase, Traffic

HEALTHY = Traffic(at_once=60)
OUTAGE = Traffic(gave_up=60)
QUIET = Traffic(at_once=1)
ONE_MORE = Traffic(at_once=1, gave_up=1)
LEAK = Traffic(at_once=57, gave_up=3)

CASES = [
    Case(
        "RetoldGiveUpBurnFast",
        "an outage",
        (Phase(60, HEALTHY), Phase(20, OUTAGE), Phase(90, HEALTHY)),
        (Firing(63, 85, "5%"),),
    ),
    Case(
        "RetoldGiveUpBurnFast",
        "an outage of a fresh system",
        (Phase(10, OUTAGE), Phase(10, HEALTHY)),
        (Firing(3, 15, "100%"),),
    ),
    Case(
        "RetoldGiveUpBurnFast",
        "a blip that costs little of the budget",
        (Phase(60, HEALTHY), Phase(6, Traffic(at_once=56, gave_up=4)), Phase(60, HEALTHY)),
    ),
    Case("RetoldGiveUpBurnFast", "ten of few", (Phase(60, QUIET), Phase(5, ONE_MORE), Phase(60, QUIET)), restart=30),
    Case(
        "RetoldGiveUpBurnSlow",
        "a leak",
        (Phase(360, HEALTHY), Phase(75, LEAK), Phase(45, HEALTHY)),
        (Firing(419, 462, "0.8194%"),),
    ),
    Case(
        "RetoldGiveUpBurnSlow",
        "a leak of a fresh system",
        (Phase(30, LEAK), Phase(40, HEALTHY)),
        (Firing(17, 57, "5%"),),
    ),
    Case(
        "RetoldGiveUpBurnSlow",
        "a blip that costs little of the budget",
        (Phase(360, HEALTHY), Phase(15, Traffic(at_once=54, gave_up=6)), Phase(60, HEALTHY)),
    ),
    Case("RetoldGiveUpBurnSlow", "ten of few", (Phase(60, QUIET), Phase(5, ONE_MORE), Phase(60, QUIET)), restart=30),
    Case(
        "RetoldGiveUps",
        "one in each pod, of few",
        (Phase(30, QUIET), Phase(1, ONE_MORE), Phase(30, QUIET)),
        (Firing(31, 46, "2"),),
    ),
    Case(
        "RetoldGiveUps",
        "the first of a fresh system",
        (Phase(1, ONE_MORE), Phase(30, QUIET)),
        (Firing(1, 16, "2"),),
        restart=20,
    ),
    Case("RetoldGiveUps", "one in each pod, of many", (Phase(30, HEALTHY), Phase(1, OUTAGE), Phase(30, HEALTHY))),
    Case("RetoldGiveUps", "none", (Phase(60, QUIET),)),
]

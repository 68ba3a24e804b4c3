"""Cases of the alerts on callers that are failed."""

from tests.dashboards.rules.cases import Case, Firing
from tests.dashboards.rules.traffic import Phase, Traffic

HEALTHY = Traffic(at_once=60)
OUTAGE = Traffic(gave_up=60)
FEW = Traffic(at_once=1)
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
        (Phase(60, HEALTHY), Phase(10, Traffic(at_once=56, gave_up=4)), Phase(60, HEALTHY)),
    ),
    Case("RetoldGiveUpBurnFast", "ten of few", (Phase(60, FEW), Phase(5, ONE_MORE), Phase(60, FEW)), restart=30),
    Case(
        "RetoldGiveUpBurnFast",
        "an outage that leaves a leak within the budget",
        (Phase(60, HEALTHY), Phase(20, OUTAGE), Phase(30, Traffic(at_once=79, gave_up=1))),
        (Firing(63, 85, "5%"),),
    ),
    Case(
        "RetoldGiveUpBurnFast",
        "a leak",
        (Phase(60, HEALTHY), Phase(70, Traffic(at_once=49, gave_up=1)), Phase(20, HEALTHY)),
        (Firing(108, 132, "1.538%"),),
    ),
    Case(
        "RetoldGiveUpBurnFast",
        "twelve of few",
        (Phase(60, FEW), Phase(6, ONE_MORE), Phase(60, FEW)),
        (Firing(68, 71, "9.091%"),),
    ),
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
    Case("RetoldGiveUpBurnSlow", "ten of few", (Phase(60, FEW), Phase(5, ONE_MORE), Phase(60, FEW)), restart=30),
    Case(
        "RetoldGiveUps",
        "one in each pod, of few",
        (Phase(30, Traffic(at_once=2)), Phase(1, Traffic(at_once=1, gave_up=1)), Phase(30, Traffic(at_once=2))),
        (Firing(31, 46, "2"),),
    ),
    Case(
        "RetoldGiveUps",
        "the first of a fresh system",
        (Phase(1, ONE_MORE), Phase(30, FEW)),
        (Firing(1, 16, "2"),),
        restart=20,
    ),
    Case("RetoldGiveUps", "one in each pod, of many", (Phase(30, HEALTHY), Phase(1, OUTAGE), Phase(30, HEALTHY))),
    Case("RetoldGiveUps", "none", (Phase(60, FEW),)),
    Case(
        "RetoldGiveUps",
        "one in each pod, of more than few",
        (Phase(30, Traffic(at_once=4)), Phase(1, Traffic(at_once=3, gave_up=1)), Phase(30, Traffic(at_once=4))),
    ),
]

"""Cases of the alerts on load that retries add."""

from tests.dashboards.rules.cases import Case, Firing
from tests.dashboards.rules.traffic import Phase, Traffic

HEALTHY = Traffic(at_once=60)
DOWN = Traffic(gave_up=60)
HALF_DOWN = Traffic(at_once=30, gave_up=30)
FEW = Traffic(at_once=2)

CASES = [
    Case(
        "RetoldAmplificationHigh",
        "many times the load",
        (Phase(20, HEALTHY), Phase(30, Traffic(at_once=15, gave_up=45)), Phase(20, HEALTHY)),
        (Firing(32, 54, "2.5"), Firing(34, 52, "2.5", "critical")),
    ),
    Case(
        "RetoldAmplificationHigh",
        "more load, in a fresh system",
        (Phase(30, Traffic(at_once=15, recovered=45)), Phase(20, HEALTHY)),
        (Firing(11, 32, "1.75"),),
    ),
    Case(
        "RetoldAmplificationHigh",
        "many times a small load",
        (Phase(40, Traffic(at_once=3, gave_up=9)), Phase(20, HEALTHY)),
        (Firing(11, 42, "2.5"),),
    ),
    Case(
        "RetoldAmplificationHigh",
        "calls that do not end",
        (Phase(20, HEALTHY), Phase(30, Traffic(unended=60)), Phase(20, HEALTHY)),
        (Firing(32, 54, "+Inf"), Firing(33, 53, "+Inf", "critical")),
    ),
    Case("RetoldAmplificationHigh", "a little more load", (Phase(40, Traffic(at_once=36, recovered=24)),)),
    Case("RetoldAmplificationHigh", "many times next to nothing", (Phase(40, Traffic(gave_up=1)),)),
    Case("RetoldAmplificationHigh", "polling", (Phase(40, Traffic(polled=60)),)),
    Case(
        "RetoldStormOnset",
        "out of calm",
        (Phase(100, HEALTHY), Phase(90, HALF_DOWN), Phase(10, HEALTHY)),
        (Firing(106, 153, "2"),),
    ),
    Case("RetoldStormOnset", "in a fresh system", (Phase(20, HALF_DOWN), Phase(20, HEALTHY)), (Firing(6, 23, "2"),)),
    Case(
        "RetoldStormOnset",
        "out of what is nearly a storm",
        (Phase(120, Traffic(at_once=33, recovered=27)), Phase(40, Traffic(at_once=15, recovered=45))),
    ),
    Case("RetoldStormOnset", "small beside the calls", (Phase(40, Traffic(at_once=330, recovered=60)),)),
    Case("RetoldStormOnset", "small", (Phase(40, Traffic(at_once=10, gave_up=10)),)),
    Case("RetoldStormOnset", "polling", (Phase(40, Traffic(polled=60)),)),
    Case(
        "RetoldStormOnset",
        "a third of the calls",
        (Phase(20, Traffic(at_once=140, recovered=60)), Phase(20, HEALTHY)),
        (Firing(6, 23, "2"),),
    ),
    Case(
        "RetoldMetastableSuspected",
        "one retry is enough",
        (Phase(150, HEALTHY), Phase(45, Traffic(at_once=12, recovered=48)), Phase(15, HEALTHY)),
        (Firing(184, 197, "0.4"),),
    ),
    Case(
        "RetoldMetastableSuspected",
        "not so few calls",
        (Phase(150, Traffic(at_once=4)), Phase(45, Traffic(gave_up=4)), Phase(15, HEALTHY)),
        (Firing(183, 196, "0"),),
    ),
    Case(
        "RetoldMetastableSuspected",
        "more load, fewer successes",
        (Phase(150, HEALTHY), Phase(45, DOWN), Phase(15, HEALTHY)),
        (Firing(183, 198, "0"),),
    ),
    Case("RetoldMetastableSuspected", "a fresh system", (Phase(60, DOWN),)),
    Case("RetoldMetastableSuspected", "callers ask for more", (Phase(150, HEALTHY), Phase(60, Traffic(gave_up=90)))),
    Case("RetoldMetastableSuspected", "no more load", (Phase(150, HEALTHY), Phase(60, Traffic(gave_up=20)))),
    Case(
        "RetoldMetastableSuspected",
        "half of the successes",
        (Phase(150, HEALTHY), Phase(60, Traffic(at_once=32, gave_up=28))),
    ),
    Case(
        "RetoldMetastableSuspected",
        "few retries",
        (Phase(150, HEALTHY), Phase(60, Traffic(at_once=5, recovered=30, not_retryable=35))),
    ),
    Case("RetoldMetastableSuspected", "few calls", (Phase(150, FEW), Phase(60, Traffic(gave_up=2)))),
]

"""Cases of the alerts on calls that take long."""

from tests.dashboards.rules.cases import Case, Firing
from tests.dashboards.rules.traffic import Phase, Traffic

HEALTHY = Traffic(at_once=60)
HANGS = Traffic(active=3)
LEFT, RIGHT = Traffic(active=50, waiting=40), Traffic()
ASLEEP = Traffic(at_once=6, active=25, waiting=20)
LONG_WAITS = Traffic(at_once=30, recovered=30, wait=2)

CASES = [
    Case(
        "RetoldCallsStuck",
        "one pod hangs and the other does not",
        (Phase(30, HEALTHY), Phase(30, HEALTHY, second=HANGS), Phase(20, HEALTHY)),
        (Firing(46, 61, "3"),),
    ),
    Case(
        "RetoldCallsStuck",
        "a fresh system hangs",
        (Phase(20, HANGS), Phase(20, HEALTHY)),
        (Firing(16, 21, "6"),),
        restart=30,
    ),
    Case("RetoldCallsStuck", "asleep", (Phase(30, HEALTHY), Phase(30, Traffic(active=3, waiting=3)))),
    Case("RetoldCallsStuck", "slow, and moving", (Phase(60, Traffic(at_once=1, active=3)),)),
    Case("RetoldCallsStuck", "idle", (Phase(30, HEALTHY), Phase(30, Traffic()))),
    Case(
        "RetoldCallersPilingUp",
        "most sleep",
        (Phase(20, HEALTHY), Phase(30, ASLEEP), Phase(20, HEALTHY)),
        (Firing(41, 51, "40"),),
    ),
    Case(
        "RetoldCallersPilingUp",
        "most sleep in a fresh system",
        (Phase(30, ASLEEP), Phase(20, HEALTHY)),
        (Firing(21, 31, "40"),),
    ),
    Case(
        "RetoldCallersPilingUp",
        "now in one pod, now in the other",
        (Phase(20, HEALTHY), *(Phase(1, LEFT, second=RIGHT), Phase(1, RIGHT, second=LEFT)) * 15, Phase(20, HEALTHY)),
        (Firing(41, 51, "40"),),
    ),
    Case("RetoldCallersPilingUp", "twenty sleep", (Phase(60, Traffic(at_once=6, active=12, waiting=10)),)),
    Case("RetoldCallersPilingUp", "most are at work", (Phase(60, Traffic(at_once=6, active=40, waiting=15)),)),
    Case("RetoldWaitingDominates", "mostly polling", (Phase(60, Traffic(recovered=30, polled=20, wait=2)),)),
    Case(
        "RetoldWaitingDominates",
        "not so few calls",
        (Phase(40, Traffic(at_once=2, recovered=3, wait=2)), Phase(20, HEALTHY)),
        (Firing(34, 41, "75%"),),
    ),
    Case(
        "RetoldWaitingDominates",
        "long waits",
        (Phase(20, HEALTHY), Phase(50, LONG_WAITS), Phase(20, HEALTHY)),
        (Firing(53, 73, "72.73%"),),
    ),
    Case(
        "RetoldWaitingDominates",
        "long waits in a fresh system",
        (Phase(40, LONG_WAITS), Phase(20, HEALTHY)),
        (Firing(32, 43, "72.73%"),),
    ),
    Case("RetoldWaitingDominates", "polling", (Phase(60, Traffic(at_once=30, polled=30, wait=2)),)),
    Case("RetoldWaitingDominates", "short waits", (Phase(60, Traffic(at_once=30, recovered=30, wait=0.75, took=0.1)),)),
    Case(
        "RetoldWaitingDominates", "longer attempts", (Phase(60, Traffic(at_once=30, recovered=30, wait=2, took=1.5)),)
    ),
    Case("RetoldWaitingDominates", "few calls", (Phase(60, Traffic(at_once=1, recovered=1, wait=2)),)),
]

"""Cases of the alerts on what retries hide, and what they are worth."""

from tests.dashboards.rules.cases import Case, Firing
from tests.dashboards.rules.traffic import Phase, Traffic

HEALTHY = Traffic(at_once=60)
SICK = Traffic(at_once=45, recovered=15)
IN_VAIN = Traffic(gave_up=60)

CASES = [
    Case(
        "RetoldDependencyDegradedHidden",
        "retries mend it",
        (Phase(30, HEALTHY), Phase(30, SICK), Phase(30, HEALTHY)),
        (Firing(48, 63, "20%"),),
    ),
    Case(
        "RetoldDependencyDegradedHidden",
        "in a fresh system",
        (Phase(30, SICK), Phase(10, HEALTHY)),
        (Firing(16, 33, "20%"),),
    ),
    Case("RetoldDependencyDegradedHidden", "callers see it", (Phase(60, Traffic(at_once=30, gave_up=30)),)),
    Case(
        "RetoldDependencyDegradedHidden", "answers that are errors", (Phase(60, Traffic(at_once=40, not_retryable=20)),)
    ),
    Case("RetoldDependencyDegradedHidden", "polling", (Phase(60, Traffic(at_once=40, polled=20)),)),
    Case("RetoldDependencyDegradedHidden", "a little", (Phase(60, Traffic(at_once=57, recovered=3)),)),
    Case("RetoldDependencyDegradedHidden", "few calls", (Phase(60, Traffic(at_once=1, recovered=1)),)),
    Case(
        "RetoldDependencyDegradedHidden",
        "callers see little of it",
        (Phase(30, Traffic(at_once=30, recovered=24, gave_up=6)), Phase(10, HEALTHY)),
        (Firing(16, 35, "43.75%"),),
    ),
    Case(
        "RetoldDependencyDegradedHidden",
        "not so few calls",
        (Phase(30, Traffic(at_once=3, recovered=2)), Phase(10, HEALTHY)),
        (Firing(19, 31, "28.57%"),),
    ),
    Case(
        "RetoldDependencyDegradedHidden",
        "callers see a part of it",
        (Phase(60, Traffic(at_once=30, recovered=21, gave_up=9)),),
    ),
    Case("RetoldRetriesUseless", "some help", (Phase(100, Traffic(recovered=5, gave_up=57)),)),
    Case(
        "RetoldRetriesUseless",
        "none helps",
        (Phase(20, HEALTHY), Phase(80, IN_VAIN), Phase(20, HEALTHY)),
        (Firing(82, 104, "0%"),),
    ),
    Case(
        "RetoldRetriesUseless",
        "none helps in a fresh system",
        (Phase(80, Traffic(recovered=3, gave_up=72)), Phase(20, HEALTHY)),
        (Firing(62, 84, "4%"),),
    ),
    Case("RetoldRetriesUseless", "most help", (Phase(100, Traffic(recovered=55, gave_up=5)),)),
    Case("RetoldRetriesUseless", "few retries", (Phase(100, Traffic(gave_up=10)),)),
    Case("RetoldRetriesUseless", "an outage that is over before", (Phase(50, IN_VAIN), Phase(50, HEALTHY))),
]

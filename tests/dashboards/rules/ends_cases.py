"""Cases of the alerts on calls that end in ways that no policy can mend."""

from tests.dashboards.rules.cases import Case, Firing
from tests.dashboards.rules.traffic import Phase, Traffic

HEALTHY = Traffic(at_once=60)
REFUSED = Traffic(at_once=20, not_retryable=40)
LEFT = Traffic(at_once=20, cancelled=40)
SOME_REFUSED = Traffic(at_once=54, not_retryable=6)
QUIET = Traffic(at_once=1)

CASES = [
    Case(
        "RetoldNotRetryableRising",
        "from none to many",
        (Phase(150, HEALTHY), Phase(40, REFUSED), Phase(20, HEALTHY)),
        (Firing(166, 195, "66.67%"),),
    ),
    Case("RetoldNotRetryableRising", "many, as always", (Phase(240, REFUSED),)),
    Case("RetoldNotRetryableRising", "many, in a fresh system", (Phase(60, REFUSED),)),
    Case(
        "RetoldNotRetryableRising",
        "from few to some",
        (Phase(150, Traffic(at_once=59, not_retryable=1)), Phase(40, Traffic(at_once=55, not_retryable=5))),
    ),
    Case(
        "RetoldNotRetryableRising",
        "ten in a quarter of an hour, of few",
        (Phase(150, QUIET), *(Phase(1, Traffic(at_once=1, not_retryable=1)), Phase(2, QUIET)) * 12),
    ),
    Case(
        "RetoldNotRetryableRising",
        "twice as many",
        (Phase(150, SOME_REFUSED), Phase(40, Traffic(at_once=48, not_retryable=12))),
    ),
    Case(
        "RetoldNotRetryableRising",
        "four times as many",
        (Phase(150, SOME_REFUSED), Phase(30, Traffic(at_once=36, not_retryable=24)), Phase(20, HEALTHY)),
        (Firing(169, 182, "40%"),),
    ),
    Case(
        "RetoldNotRetryableRising",
        "fifteen in a quarter of an hour, of few",
        (Phase(150, QUIET), *(Phase(1, Traffic(at_once=1, not_retryable=1)), Phase(1, QUIET)) * 16, Phase(30, QUIET)),
        (Firing(176, 186, "28.57%"),),
    ),
    Case(
        "RetoldCallersCancel",
        "sixteen leave, of few",
        (Phase(30, QUIET), Phase(8, Traffic(at_once=1, cancelled=1)), Phase(30, QUIET)),
        (Firing(41, 43, "41.18%"),),
    ),
    Case(
        "RetoldCallersCancel",
        "most leave",
        (Phase(30, HEALTHY), Phase(20, LEFT), Phase(20, HEALTHY)),
        (Firing(37, 59, "46.67%"),),
    ),
    Case(
        "RetoldCallersCancel",
        "most leave a fresh system",
        (Phase(20, LEFT), Phase(20, HEALTHY)),
        (Firing(6, 29, "66.67%"),),
    ),
    Case("RetoldCallersCancel", "some leave", (Phase(60, Traffic(at_once=56, cancelled=4)),)),
    Case(
        "RetoldCallersCancel",
        "ten leave, of few",
        (Phase(30, QUIET), Phase(5, Traffic(cancelled=1)), Phase(30, QUIET)),
    ),
]

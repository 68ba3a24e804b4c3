"""Cases of the alert on budgets that are used up."""

from tests.dashboards.rules.cases import Case, Firing
from tests.dashboards.rules.traffic import Phase, Traffic

HEALTHY = Traffic(at_once=60)
OUT_OF_RETRIES = Traffic(gave_up=1, denied=6, left=8)
"""Of two pods: each is just below a tenth of what it can hold."""
SMALL = Traffic(at_once=60, left=4, capacity=4)

CASES = [
    Case(
        "RetoldBudgetExhausted",
        "in an outage, in which a pod is restarted",
        (Phase(20, HEALTHY), Phase(20, OUT_OF_RETRIES), Phase(20, HEALTHY)),
        (Firing(26, 41, "60"),),
        restart=30,
    ),
    Case(
        "RetoldBudgetExhausted",
        "in a fresh system",
        (Phase(20, OUT_OF_RETRIES), Phase(20, HEALTHY)),
        (Firing(6, 21, "60"),),
    ),
    Case(
        "RetoldBudgetExhausted",
        "one has denied all, and both have little",
        (
            Phase(20, HEALTHY),
            Phase(20, Traffic(denied=6, left=0), Traffic(at_once=60, left=19)),
            Phase(20, HEALTHY),
        ),
        (Firing(26, 41, "30"),),
    ),
    Case(
        "RetoldBudgetExhausted",
        "a small one, which earns a part of a retry",
        (Phase(20, SMALL), Phase(20, Traffic(denied=6, left=0.75, capacity=4)), Phase(20, SMALL)),
        (Firing(26, 41, "60"),),
    ),
    Case(
        "RetoldBudgetExhausted",
        "one that hardly anything adds to any more",
        (Phase(20, HEALTHY), Phase(10, OUT_OF_RETRIES), Phase(30, Traffic(left=8))),
        (Firing(26, 35, "60"),),
    ),
    Case(
        "RetoldBudgetExhausted",
        "denials, and a sixth of it is left",
        (Phase(20, HEALTHY), Phase(20, Traffic(denied=6, left=16)), Phase(20, HEALTHY)),
    ),
    Case(
        "RetoldBudgetExhausted",
        "one pod has denied all, and the other has plenty",
        (Phase(20, HEALTHY), Phase(20, Traffic(denied=6, left=0), HEALTHY), Phase(20, HEALTHY)),
    ),
    Case(
        "RetoldBudgetExhausted",
        "a small one, which has a retry left",
        (Phase(20, SMALL), Phase(20, Traffic(denied=6, left=1.5, capacity=4)), Phase(20, SMALL)),
    ),
    Case(
        "RetoldBudgetExhausted",
        "nothing left, and no denials",
        (Phase(20, HEALTHY), Phase(20, Traffic(at_once=60, left=0)), Phase(20, HEALTHY)),
    ),
    Case(
        "RetoldBudgetExhausted",
        "denials of one, and nothing left of another",
        (Phase(20, HEALTHY), Phase(20, Traffic(denied=6, left=60, other_left=0)), Phase(20, HEALTHY)),
    ),
    Case(
        "RetoldBudgetExhausted",
        "denials for a minute, and little left",
        (Phase(20, HEALTHY), Phase(1, OUT_OF_RETRIES), Phase(30, Traffic(at_once=1, left=8))),
    ),
]

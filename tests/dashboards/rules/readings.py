"""What recorded series are to be."""

from retold.dashboards.rules import names
from tests.dashboards.rules.cases import Reading
from tests.dashboards.rules.traffic import Phase, Traffic

# In a second, of both pods: 1 at once, 0.5 recovered, 1 gave up, 0.5 refused, 1 not retryable, 1 cancelled, 0.5 polled,
# and 0.5 aborted. Attempts: 2 successes, 4.5 errors, 1.5 rejected, 1 cancelled.
ALL_KINDS = Traffic(
    at_once=30,
    recovered=15,
    gave_up=30,
    fallbacks=15,
    refused=15,
    not_retryable=30,
    cancelled=30,
    polled=15,
    aborted=15,
    wait=0.5,
    took=0.5,
    active=12,
    waiting=8,
)
OFTEN_REFUSED = Traffic(at_once=45, not_retryable=15)
SELDOM_REFUSED = Traffic(at_once=30)

FROM_ALL_KINDS = {
    names.CALLS: 6.0,
    names.FIRST_TRY_SUCCESSES: 1.0,
    names.GIVE_UPS: 1.5,
    names.ATTEMPTS: 9.0,
    names.ATTEMPT_ERRORS: 4.5,
    names.RETRIES: 3.0,
    names.ERROR_RETRIES: 1.5,
    names.WAITING_TIME: 2.0,
    names.ACTIVE: 24.0,
    names.WAITING: 16.0,
    names.NOT_RETRYABLE_SHARE: 1 / 5,
    names.SICK_SHARE: (4.5 - 1.5) / 6.5,
    names.RESCUED_SHARE: 1 / 2,
    names.WAITING_SHARE: 2 / 6.5,
    names.MISSES_5M: 1.5 / 5,
    names.MISSES_30M: 1.5 / 5,
    names.MISSES_1H: 1.5 / 5,
    names.MISSES_6H: 1.5 / 5,
    names.MISSED_1H: 5_400.0,
    names.MISSED_6H: 32_400.0,
}
USUAL = {
    names.USUAL_CALLS: 2.0,
    names.USUAL_ATTEMPTS: 2.0,
    names.USUAL_FIRST_TRY_SUCCESSES: 1.5,
    names.USUAL_NOT_RETRYABLE_SHARE: 0.25,
}
SHARES = [
    names.NOT_RETRYABLE_SHARE,
    names.SICK_SHARE,
    names.RESCUED_SHARE,
    names.WAITING_SHARE,
    names.MISSES_5M,
    names.MISSES_30M,
    names.MISSES_1H,
    names.MISSES_6H,
]

READINGS = [
    Reading("calls of all kinds, and a restart", (Phase(370, ALL_KINDS),), 370, FROM_ALL_KINDS, restart=367),
    Reading("no metrics", (Phase(30, None),), 30, dict.fromkeys([*FROM_ALL_KINDS, *USUAL])),
    Reading("no calls", (Phase(30, Traffic()),), 30, {names.CALLS: 0.0, **dict.fromkeys(SHARES)}),
    Reading("no retries", (Phase(30, Traffic(at_once=30)),), 30, {names.RETRIES: 0.0, names.RESCUED_SHARE: None}),
    Reading(
        "more calls than attempts",
        (Phase(30, Traffic(at_once=30, refused=30, aborted=30)),),
        30,
        {names.RETRIES: 0.0, names.ERROR_RETRIES: 0.0, names.SICK_SHARE: 0.0},
    ),
    Reading(
        "retried calls that are cancelled",
        (Phase(30, Traffic(recovered=30, gave_up=30, cancelled_late=30)),),
        30,
        {names.RESCUED_SHARE: 0.5},
    ),
    Reading("an hour without a past", (Phase(60, OFTEN_REFUSED),), 60, dict.fromkeys(USUAL)),
    Reading("an hour ago", (Phase(120, OFTEN_REFUSED), Phase(60, SELDOM_REFUSED)), 180, USUAL),
    Reading("a day ago", (Phase(120, OFTEN_REFUSED), Phase(1410, SELDOM_REFUSED)), 1530, USUAL),
]

"""What each alert is to say, for the operation `shop.fetch` of the job `shop`, and its budget `catalogue`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.dashboards.rules.traffic import BUDGET, OPERATION


@dataclass(frozen=True, slots=True)
class Text:
    """The description has VALUE where the value is."""

    severity: str
    summary: str
    description: str
    labels: Mapping[str, str] = field(default_factory=lambda: {"retold_operation": OPERATION})


TEXTS = {
    "RetoldGiveUpBurnFast": Text(
        "critical",
        "shop.fetch in shop gives up on callers fast",
        "VALUE of the calls of shop.fetch in shop gave up in the last 1h, and they still do.",
    ),
    "RetoldGiveUpBurnSlow": Text(
        "warning",
        "shop.fetch in shop keeps giving up on callers",
        "VALUE of the calls of shop.fetch in shop gave up in the last 6h, and they still do.",
    ),
    "RetoldGiveUps": Text(
        "info",
        "shop.fetch in shop gave up",
        "VALUE of the few calls of shop.fetch in shop ended with attempts_exhausted in the last 15m.",
        {"retold_operation": OPERATION, "retold_outcome": "attempts_exhausted"},
    ),
    "RetoldNotRetryableRising": Text(
        "warning",
        "shop.fetch in shop fails more often than usual with errors that are not retried",
        "VALUE of the calls of shop.fetch in shop fail with an error that is not retried, more than three times as many"
        " as usual.",
    ),
    "RetoldCallersCancel": Text(
        "warning",
        "Callers walk away from shop.fetch in shop",
        "VALUE of the calls of shop.fetch in shop were cancelled in the last 10m, before there was a result.",
    ),
    "RetoldDependencyDegradedHidden": Text(
        "warning",
        "What shop.fetch in shop depends on is sick, and retries hide it",
        "VALUE of the attempts of shop.fetch in shop fail, and callers hardly notice, since retries succeed.",
    ),
    "RetoldRetriesUseless": Text(
        "info",
        "Retries of shop.fetch in shop hardly ever help",
        "VALUE of the calls of shop.fetch in shop that were retried succeeded: retrying adds load and latency, and"
        " little else.",
    ),
    "RetoldAmplificationHigh": Text(
        "warning",
        "shop.fetch in shop multiplies load",
        "shop.fetch in shop makes VALUE attempts for each call that ends: what it depends on bears that many times the"
        " load that callers cause.",
    ),
    "RetoldStormOnset": Text(
        "warning",
        "A storm of retries begins at shop.fetch in shop",
        "shop.fetch in shop makes VALUE retries a second because of failures, more than three times what it made in the"
        " hour before.",
    ),
    "RetoldMetastableSuspected": Text(
        "warning",
        "Retries may be what keeps the dependency of shop.fetch in shop down",
        "VALUE calls of shop.fetch in shop a second succeed at once, less than half of what is usual, while attempts"
        " are more than usual and callers ask for no more.",
    ),
    "RetoldBudgetExhausted": Text(
        "warning",
        "The budget catalogue of shop is used up",
        "VALUE calls of shop gave up in the last 5m because the budget catalogue had no retry left, and there are"
        " hardly any now: what these calls depend on fails more often than it allows.",
        {"retold_budget": BUDGET},
    ),
    "RetoldCallsStuck": Text(
        "warning",
        "Calls of shop.fetch in shop are stuck",
        "VALUE calls of shop.fetch in shop or more are in attempts, in instances in which none has ended for 10m.",
    ),
    "RetoldCallersPilingUp": Text(
        "warning",
        "Callers of shop.fetch in shop pile up in backoff",
        "At no time in the last 15m were fewer than VALUE calls of shop.fetch in shop asleep between two attempts: that"
        " is where most of its calls are.",
    ),
    "RetoldWaitingDominates": Text(
        "info",
        "Calls of shop.fetch in shop mostly wait",
        "VALUE of the time of the calls of shop.fetch in shop goes to waiting between attempts, and that is half a"
        " second or more for the average call.",
    ),
    "RetoldTelemetryMissing": Text(
        "info",
        "shop tells nothing of its retries any more",
        "shop is up and had metrics of Retold 1h ago. It has none now, so that no other alert about its retries can"
        " fire.",
        {},
    ),
    "RetoldExporterFailing": Text(
        "warning",
        "The exporter structlog of shop fails",
        "The exporter structlog of shop raised VALUE times in the last 5m. Calls are not affected; what they should"
        " have told is lost.",
        {"retold_exporter": "structlog"},
    ),
    "RetoldLabelOverflow": Text(
        "info",
        "shop has too many values of retold.operation",
        "VALUE observations of shop in the last 15m are counted under _OTHER, because retold.operation has more values"
        " than have series of their own.",
        {"retold_label": "retold.operation"},
    ),
}

"""All cases of all alerts."""

from tests.dashboards.rules import (
    budgets_cases,
    burn_cases,
    ends_cases,
    load_cases,
    telemetry_cases,
    waiting_cases,
    worth_cases,
)
from tests.dashboards.rules.cases import Case

CASES: list[Case] = [
    *burn_cases.CASES,
    *ends_cases.CASES,
    *worth_cases.CASES,
    *load_cases.CASES,
    *budgets_cases.CASES,
    *waiting_cases.CASES,
    *telemetry_cases.CASES,
]


def cases_of(alert: str) -> list[Case]:
    return [case for case in CASES if case.alert == alert]

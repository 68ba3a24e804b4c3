"""What is worked out once for all alerts and boards."""

from __future__ import annotations

from retold import telemetry
from retold.dashboards import matchers
from retold.dashboards.rules import names
from retold.dashboards.rules.language import HOUR, MINUTE, Language, ratio
from retold.dashboards.rules.model import Group, Recording


def recordings(say: Language) -> tuple[Group, ...]:
    """The groups, in the order in which they need each other."""
    return (
        Group("retold.rates", (*_rates(say), *_gauges(say))),
        Group("retold.ratios", _ratios(say)),
        Group("retold.misses", _misses(say)),
        Group("retold.usual", _usual(say)),
    )


def _rates(say: Language) -> tuple[Recording, ...]:
    unrejected = _inside(say.rate(telemetry.ATTEMPTS, matchers.ATTEMPT_UNREJECTED))
    return (
        Recording(names.CALLS, say.rate(telemetry.CALLS), "Calls that ended, in a second."),
        Recording(
            names.FIRST_TRY_SUCCESSES,
            say.rate(telemetry.CALLS, matchers.SUCCEEDED, matchers.AT_ONCE),
            "Calls that succeeded with their first attempt: what callers would have without retries.",
        ),
        Recording(names.GIVE_UPS, say.rate(telemetry.GIVE_UPS), "Calls that ended because their policy ran out."),
        Recording(names.ATTEMPTS, say.rate(telemetry.ATTEMPTS), "Attempts that ended."),
        Recording(names.ATTEMPT_ERRORS, say.rate(telemetry.ATTEMPTS, matchers.ATTEMPT_ERRORS), "Attempts that raised."),
        Recording(
            names.RETRIES,
            f"clamp_min({names.ATTEMPTS} - {names.CALLS}, 0)",
            "Attempts after the first. Below 0 for a moment, where calls end whose attempts were counted before.",
        ),
        Recording(
            names.ERROR_RETRIES,
            f"clamp_min(\n  {unrejected} - {names.CALLS},\n  0\n)",
            "Retries that failures cause. Those that polling makes, after a rejected result, are its work.",
        ),
        Recording(
            names.WAITING_TIME,
            say.rate(telemetry.RETRY_DELAYS, part="sum"),
            "Calls asleep between two attempts, on average: seconds waited, in a second.",
        ),
    )


def _gauges(say: Language) -> tuple[Recording, ...]:
    return (
        Recording(names.ACTIVE, say.total(telemetry.CALL_ACTIVE), "Calls that began and have not ended."),
        Recording(names.WAITING, say.total(telemetry.CALL_WAITING), "Of these, asleep between two attempts."),
    )


def _ratios(say: Language) -> tuple[Recording, ...]:
    errors, calls = names.ATTEMPT_ERRORS, say.rate(telemetry.CALLS, matchers.ANSWERED)
    answers = say.rate(telemetry.CALLS, matchers.NOT_TO_RETRY)
    return (
        Recording(
            names.NOT_RETRYABLE_SHARE,
            ratio(say.rate(telemetry.CALLS, matchers.NOT_RETRYABLE), calls),
            "Share of calls that failed with an error that is not retried. Cancelled calls have no verdict.",
        ),
        Recording(
            names.SICK_SHARE,
            ratio(
                f"clamp_min(\n  {errors} - {_inside(answers)},\n  0\n)",
                say.rate(telemetry.ATTEMPTS, matchers.ATTEMPT_JUDGED),
            ),
            "Share of attempts that failed in a way that another attempt may mend. An error that is not retried is"
            " also an attempt's, one in each such call: it is taken off, or 404s would look like sickness.",
        ),
        Recording(
            names.RESCUED_SHARE,
            ratio(
                say.rate(telemetry.CALLS, matchers.SUCCEEDED, matchers.RETRIED),
                say.rate(telemetry.CALLS, matchers.ANSWERED, matchers.RETRIED),
            ),
            "Share of retried calls that succeeded. Absent where nothing was retried.",
        ),
        Recording(
            names.WAITING_SHARE,
            ratio(names.WAITING_TIME, say.rate(telemetry.CALL_DURATION, part="sum")),
            "Share of the time of calls that they slept between two attempts.",
        ),
    )


def _misses(say: Language) -> tuple[Recording, ...]:
    """A miss is a call that breaks the objective."""
    served = " that was served no fallback" if say.options.fallbacks_are_served else ""
    windows = {
        names.MISSES_5M: 5 * MINUTE,
        names.MISSES_30M: 30 * MINUTE,
        names.MISSES_1H: HOUR,
        names.MISSES_6H: 6 * HOUR,
    }
    return (
        *(
            Recording(
                name,
                ratio(_missed(say, "rate", over), say.rate(telemetry.CALLS, matchers.ANSWERED, over=over)),
                f"Share of calls that miss the objective over {say.time(over)}: each give-up{served}.",
            )
            for name, over in windows.items()
        ),
        *(
            Recording(name, _missed(say, "increase", over), f"How many calls missed the objective in {say.time(over)}.")
            for name, over in {names.MISSED_1H: HOUR, names.MISSED_6H: 6 * HOUR}.items()
        ),
    )


def _missed(say: Language, function: str, over: float) -> str:
    grown = say.rate if function == "rate" else say.increase
    give_ups = grown(telemetry.GIVE_UPS, over=over)
    if not say.options.fallbacks_are_served:
        return give_ups
    served = grown(telemetry.FALLBACKS, over=over)
    return f"(\n  {_inside(give_ups)} - {_inside(served)}\n)"


def _usual(say: Language) -> tuple[Recording, ...]:
    what = {
        names.USUAL_CALLS: (names.CALLS, "Calls in a second"),
        names.USUAL_ATTEMPTS: (names.ATTEMPTS, "Attempts in a second"),
        names.USUAL_FIRST_TRY_SUCCESSES: (names.FIRST_TRY_SUCCESSES, "First-try successes in a second"),
        names.USUAL_NOT_RETRYABLE_SHARE: (names.NOT_RETRYABLE_SHARE, "Share of calls that are not retried"),
    }
    return tuple(
        Recording(name, say.usual(now), f"{text} at this time yesterday, else an hour ago; absent without a past.")
        for name, (now, text) in what.items()
    )


def _inside(expr: str) -> str:
    """A multi-line expression where lines are indented by two."""
    return expr.replace("\n", "\n  ")

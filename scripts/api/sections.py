"""What is on the reference's page, in which order, with what examples."""

from __future__ import annotations

from typing import NamedTuple

from retold import hints, on, testing


class Section(NamedTuple):
    """A part of the page.

    Attributes:
        title: Its heading.
        place: Where the names are imported from.
        names: What is in it.
        example: Ends the section's introduction, and is run.
    """

    title: str
    place: str
    names: tuple[str, ...]
    example: str = ""


SECTIONS = (
    Section(
        "Policies",
        "retold",
        ("Policy", "retry", "Attempt", "Report", "current_attempt", "CurrentAttempt"),
        """
        >>> import retold
        >>> policy = retold.Policy(on=ConnectionError, attempts=4, backoff=0)
        >>> turns = iter([ConnectionError("reset"), ConnectionError("reset"), None])
        >>> def fetch(url):
        ...     error = next(turns)
        ...     if error is not None:
        ...         raise error
        ...     return f"the page at {url}"

        >>> policy.call(fetch, "/papers")
        'the page at /papers'

        >>> report = policy.run(int, "four")
        >>> report.outcome, report.attempts, report.error
        (<Outcome.NOT_RETRYABLE: 'not_retryable'>, 1, ValueError("invalid literal for int() with base 10: 'four'"))

        >>> numbers = []
        >>> for attempt in policy:
        ...     with attempt:
        ...         numbers.append(attempt.number)
        ...         if attempt.number < 3:
        ...             raise ConnectionError
        >>> numbers
        [1, 2, 3]

        >>> policy.replace(attempts=2)
        Policy(on=ConnectionError, attempts=2, backoff=Constant(every=0.0))
        """,
    ),
    Section(
        "Backoffs",
        "retold",
        ("Exponential", "Equal", "Decorrelated", "Fibonacci", "Linear", "Constant", "Backoff"),
        """
        >>> import random
        >>> import retold
        >>> chance = random.Random(1)
        >>> [round(retold.Exponential(1, cap=8).delay(number, 0, chance), 2) for number in (1, 2, 3, 4, 5)]
        [0.13, 1.69, 3.06, 2.04, 3.96]
        >>> [retold.Linear(1, cap=3).bounds(number) for number in (1, 2, 3, 4)]
        [(0.0, 1.0), (0.0, 2.0), (0.0, 3.0), (0.0, 3.0)]
        """,
    ),
    Section(
        "Budgets",
        "retold",
        ("Budget",),
        """
        >>> import retold
        >>> budget = retold.Budget("shop", ratio=0.5, min_per_second=0, capacity=1)
        >>> policy = retold.Policy(on=ConnectionError, backoff=0, budget=budget)

        >>> def fetch(path):
        ...     raise ConnectionResetError(f"{path} is away")
        >>> [str(policy.run(fetch, "/papers").outcome) for _ in range(2)], budget.available
        (['budget_exhausted', 'budget_exhausted'], 0.5)
        """,
    ),
    Section(
        "Conditions",
        "retold.on",
        tuple(on.__all__),
        """
        >>> from retold import on
        >>> transient = on.any_of(ConnectionError, on.cause(TimeoutError))
        >>> transient(ConnectionResetError()), transient(ValueError())
        (True, False)
        >>> on.group(OSError, match="all")(ExceptionGroup("all of it", [OSError(), ValueError()]))
        False
        """,
    ),
    Section(
        "Hints",
        "retold.hints",
        tuple(hints.__all__),
        """
        >>> from retold import hints
        >>> hints.from_headers({"Retry-After": "120"})
        120.0
        >>> hints.parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now=784111770)
        7.0
        >>> hints.parse_reset("6m0s")
        360.0
        >>> hints.parse_retry_after("soon") is None
        True
        """,
    ),
    Section(
        "Errors and warnings",
        "retold",
        (
            *("Abort", "RetryAgain", "AttemptTimeout", "RejectedResult"),
            *("RetoldError", "PolicyError", "SettingsError", "UsageError"),
            *("RetoldWarning", "BlockingWarning", "NestedRetryWarning"),
        ),
        """
        >>> import retold
        >>> policy = retold.Policy(on=OSError, backoff=0)
        >>> def give_up():
        ...     raise retold.Abort(PermissionError("the key is revoked"))

        >>> policy.run(give_up)  # doctest: +ELLIPSIS
        Report(value=None, error=PermissionError('the key is revoked'), outcome=<Outcome.ABORTED: 'aborted'>, ...)
        >>> retold.Policy(on_result=lambda page: page is None, backoff=0).run(lambda: None).error
        RejectedResult('the last result was rejected by on_result')
        >>> retold.Policy(on=OSError, timeout=-1)
        Traceback (most recent call last):
        retold.PolicyError: timeout must be a finite number of seconds, 0 or more, not -1
        """,
    ),
    Section(
        "Settings and exporters",
        "retold",
        ("configure", "register", "Exporter", "Clock", "Rng"),
        """
        >>> import retold
        >>> class Counting(retold.Exporter):
        ...     failures = 0
        ...
        ...     def attempt_ended(self, state, event):
        ...         self.failures += event.outcome is retold.AttemptOutcome.ERROR

        >>> counting = Counting()
        >>> with retold.configure(exporters=[counting]):
        ...     report = retold.Policy(on=OSError, backoff=0).run(open, "/no/such/file")
        >>> report.attempts, counting.failures
        (3, 3)
        """,
    ),
    Section("OpenTelemetry", "retold.exporters.opentelemetry", ("OpenTelemetry",)),
    Section("Prometheus", "retold.exporters.prometheus", ("Prometheus",)),
    Section("The standard library's logging", "retold.exporters.logging", ("Logging",)),
    Section("structlog", "retold.exporters.structlog", ("Structlog", "add_trace_context")),
    Section("Lines for people", "retold.exporters.console", ("Console",)),
    Section(
        "Events",
        "retold",
        (
            *("CallStarted", "AttemptStarted", "AttemptEnded", "RetryScheduled", "CallEnded"),
            *("Outcome", "AttemptOutcome", "DelaySource"),
        ),
        """
        >>> import retold
        >>> told = []
        >>> policy = retold.Policy(on=OSError, backoff=0, operation="read", on_give_up=told.append)
        >>> policy.run(open, "/no/such/file").outcome.is_give_up
        True
        >>> [(event.operation, str(event.outcome), event.attempts) for event in told]
        [('read', 'attempts_exhausted', 3)]
        """,
    ),
    Section(
        "Tests",
        "retold.testing",
        tuple(testing.__all__),
        """
        >>> import retold
        >>> from retold.testing import ManualClock, MemoryExporter, disabled
        >>> policy = retold.Policy(on=OSError, backoff=[1, 5], operation="read")
        >>> memory = MemoryExporter()
        >>> with ManualClock() as clock, retold.configure(exporters=[memory]):
        ...     report = policy.run(open, "/no/such/file")
        >>> clock.waits
        [1.0, 5.0]
        >>> [call.delay_total for call in memory.assert_calls("read", "attempts_exhausted", attempts=3)]
        [6.0]
        >>> with disabled():
        ...     policy.run(open, "/no/such/file").attempts
        1
        """,
    ),
)

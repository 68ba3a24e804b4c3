"""Calls that end in every way that there is, but for interruptions."""

from __future__ import annotations

import asyncio

from retold.core.budget import Budget
from retold.errors import Abort, RejectedResult
from retold.testing.faults import Found
from retold.testing.lifecycle import Lifecycles
from retold.testing.stage import Failure, Play
from retold.testing.watched import Watched

ENDINGS = Lifecycles()


class Hostile(Failure):
    """An error that cannot be written."""

    def __str__(self) -> str:
        raise RuntimeError("this error has no text")

    __repr__ = __str__


@ENDINGS.called("a call succeeds at once")
def succeeds(found: Found, exporter: Watched) -> None:
    Play(found, "succeeds", "page").call("page")
    Play(found, "succeeds", "page").decorated("page", timeout=60)
    asyncio.run(Play(found, "succeeds", "page").acall("page", attempts=None, timeout=60))


@ENDINGS.called("a call recovers")
def recovers(found: Found, exporter: Watched) -> None:
    for _ in range(3):
        Play(found, "recovers", Failure, Failure, "page").call("page")
    Play(found, "recovers", Failure, Failure, "page").decorated("page")
    asyncio.run(Play(found, "recovers", Failure, Failure, "page").acall("page"))


@ENDINGS.called("a call gives up: attempts_exhausted")
def exhausts_its_attempts(found: Found, exporter: Watched) -> None:
    Play(found, "attempts_exhausted", Failure).call(Failure)
    Play(found, "attempts_exhausted", Failure).decorated(Failure, attempts=1)
    asyncio.run(Play(found, "attempts_exhausted", Failure).acall(Failure))


@ENDINGS.called("a call gives up: deadline_exceeded")
def exceeds_its_deadline(found: Found, exporter: Watched) -> None:
    Play(found, "deadline_exceeded", Failure).call(Failure, attempts=9, timeout=2.5)


@ENDINGS.called("a call gives up: hint_refused")
def refuses_a_hint(found: Found, exporter: Watched) -> None:
    Play(found, "hint_refused", Failure).call(Failure, hint=lambda error: 3600.0)


@ENDINGS.called("a call gives up: budget_exhausted")
def exhausts_its_budget(found: Found, exporter: Watched) -> None:
    budget = Budget("check", ratio=0.1, min_per_second=0, capacity=1)
    Play(found, "budget_exhausted", Failure).call(Failure, budget=budget)
    Play(found, "budget_exhausted", Failure).decorated(Failure, budget=budget)


@ENDINGS.called("hints are followed, or are no usable numbers")
def follows_hints(found: Found, exporter: Watched) -> None:
    Play(found, "hint", Failure, "page").call("page", hint=lambda error: 2.5)
    Play(found, "hint", Failure, "page").call("page", hint=lambda error: "soon")


@ENDINGS.called("a call gives up and is served a fallback")
def falls_back(found: Found, exporter: Watched) -> None:
    Play(found, "fallback", Failure).call(None, fallback=None)
    Play(found, "fallback", Failure).decorated("old page", fallback=lambda error: "old page")


@ENDINGS.called("an error is not retried")
def meets_an_error_that_is_not_retried(found: Found, exporter: Watched) -> None:
    class Unexpected(Exception):
        pass

    Play(found, "not_retryable", Unexpected).call(Unexpected)
    Play(found, "not_retryable", Failure, Unexpected).decorated(Unexpected)


@ENDINGS.called("results are rejected")
def rejects_results(found: Found, exporter: Watched) -> None:
    def is_empty(page: object) -> bool:
        return page == ""

    Play(found, "rejected", "", "page").call("page", on_result=is_empty)
    Play(found, "rejected", "").call(RejectedResult, on_result=is_empty)


@ENDINGS.called("a call is aborted")
def is_aborted(found: Found, exporter: Watched) -> None:
    class Aborting(Abort):
        """Made without arguments, like every error of the check."""

        def __init__(self) -> None:
            super().__init__(KeyError())

    Play(found, "aborted", Abort).call(Abort)
    Play(found, "aborted", Failure, Aborting).decorated(KeyError)


@ENDINGS.called("an error that cannot be written")
def meets_an_error_without_text(found: Found, exporter: Watched) -> None:
    Play(found, "hostile", Hostile, "page").call("page")
    Play(found, "hostile", Hostile).call(Hostile)

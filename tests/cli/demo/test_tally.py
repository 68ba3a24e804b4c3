"""The demo's tally: exact by operation, by phase and by second, whatever the number of threads."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import time_ns
from typing import Any

import pytest

import retold
from retold import AttemptOutcome, CallEnded, CallStarted, Outcome, Policy
from retold.cli.demo.incident import Incident, Phase
from retold.cli.demo.tally import Count, Tally
from retold.testing import ManualClock


class Flaky:
    """Fails `failures` times, and then never."""

    def __init__(self, failures: int) -> None:
        self._left = failures

    def __call__(self) -> str:
        if self._left:
            self._left -= 1
            raise OSError
        return "paper"


POLICY = Policy(on=OSError, attempts=3, backoff=[0.5, 2.0], operation="papers", clock=ManualClock())


def call(policy: Policy[Any], failures: int) -> None:
    try:
        policy.call(Flaky(failures))
    except OSError:
        assert failures >= 3


def test_counts_calls_attempts_and_waits() -> None:
    tally = Tally(["papers", "pdfs"], None)

    with retold.configure(exporters=[tally]):
        for failures in (0, 1, 2, 3):
            call(POLICY, failures)

    papers = tally.operations["papers"]
    assert papers.calls == Counter(success=3, attempts_exhausted=1)
    assert papers.attempts == Counter(success=3, error=6)
    assert papers.longest_wait == 2.0
    assert (papers.effective, papers.actual, papers.amplification) == (3 / 4, 3 / 9, 9 / 4)
    assert papers.give_ups == {"attempts_exhausted": 1}
    assert tally.attempts == 9
    assert tally.operations["pdfs"] == Count()
    assert tally.phases == {Phase.BEFORE: papers}


def test_counts_fallbacks() -> None:
    tally = Tally(["papers"], None)

    with retold.configure(exporters=[tally]):
        assert Policy(on=OSError, attempts=1, fallback=None, operation="papers").call(Flaky(1)) is None

    assert (tally.operations["papers"].fallbacks, tally.operations["papers"].effective) == (1, 0.0)


def test_attempts_of_calls_that_go_on_are_none_a_call() -> None:
    tally = Tally(["papers"], None)
    seconds: list[Count] = []

    def paper() -> str:
        seconds.append(tally.take_second())
        return flaky()

    flaky = Flaky(2)
    with retold.configure(exporters=[tally]):
        POLICY.call(paper)

    assert [each.attempts.total() for each in seconds] == [0, 1, 1]
    assert [each.amplification for each in seconds] == [None, None, None]
    assert tally.take_second().amplification == 3


def test_a_second_is_what_was_counted_since_the_last_one() -> None:
    tally = Tally(["papers"], None)

    with retold.configure(exporters=[tally]):
        call(POLICY, 0)
        first = tally.take_second()
        call(POLICY, 1)
        call(POLICY, 0)

    assert (first.calls.total(), first.attempts.total()) == (1, 1)
    second = tally.take_second()
    assert (second.calls.total(), second.attempts.total()) == (2, 3)
    assert tally.take_second() == Count()


def test_knows_who_is_active_and_who_is_asleep() -> None:
    seen: list[tuple[int, int]] = []
    tally = Tally(["papers"], None)

    class Watching(ManualClock):
        def sleep(self, seconds: float, /) -> None:
            seen.append((tally.active, tally.waiting))
            super().sleep(seconds)

    with retold.configure(exporters=[tally]):
        call(POLICY.replace(clock=Watching()), 2)

    assert seen == [(1, 1), (1, 1)]
    assert (tally.active, tally.waiting) == (0, 0)


def test_a_call_that_is_cancelled_asleep_is_asleep_no_more_and_no_failure() -> None:
    class Ending(ManualClock):
        def sleep(self, seconds: float, /) -> None:
            raise KeyboardInterrupt

    tally = Tally(["papers"], None)
    with retold.configure(exporters=[tally]), pytest.raises(KeyboardInterrupt):
        call(POLICY.replace(clock=Ending()), 2)

    papers = tally.operations["papers"]
    assert (tally.active, tally.waiting) == (0, 0)
    assert papers.calls == {"cancelled": 1}
    assert (papers.effective, papers.give_ups) == (None, {})


def test_a_call_belongs_to_the_phase_in_which_it_began() -> None:
    tally = Tally(["papers"], Incident(at=10.0, lasts=10.0))
    tally.begin()
    began = time_ns()

    for seconds in (1, 12, 15, 18, 30):
        time = began + seconds * 10**9
        state = tally.call_started(CallStarted("papers", None, 3, None, time))
        tally.call_ended(state, CallEnded("papers", Outcome.SUCCESS, 1, 100.0, 0.0, None, False, None, time + 10**11))

    assert {phase: count.calls.total() for phase, count in tally.phases.items()} == dict.fromkeys(Phase, 1)


def test_is_exact_under_threads() -> None:
    tally = Tally(["papers"], None)
    calls, threads = 500, 8

    with retold.configure(exporters=[tally]), ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda n: call(POLICY, n % 4), range(calls * threads)))

    papers = tally.operations["papers"]
    quarter = calls * threads // 4
    assert papers.calls == {"success": 3 * quarter, "attempts_exhausted": quarter}
    assert papers.attempts == {AttemptOutcome.SUCCESS: 3 * quarter, AttemptOutcome.ERROR: 6 * quarter}
    assert (tally.active, tally.waiting) == (0, 0)


def test_nothing_has_no_shares() -> None:
    nothing = Count()

    assert (nothing.effective, nothing.actual, nothing.amplification, nothing.give_ups) == (None, None, None, {})

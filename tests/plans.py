"""Random mixes of calls that end in every way, in every form, nested and in threads."""

import contextlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from retold import Abort, Policy, RetryAgain
from retold.testing import ManualClock
from tests.forms import BLOCKS, FORMS, SYNC_FORMS, Form

FALLBACKS = tuple(form for form in FORMS if form not in BLOCKS)


class Interrupt(BaseException):
    """Something that is never retried."""


TURNS: dict[str, type[BaseException] | None] = {
    "success": None,
    "rejected": None,
    "error": OSError,
    "timeout": TimeoutError,
    "not retryable": ValueError,
    "aborted": Abort,
    "again": RetryAgain,
    "cancelled": Interrupt,
}


@dataclass(frozen=True)
class Plan:
    """One call: `turns` is what its attempts do, each after some seconds; the last goes on for ever."""

    form: Form
    operation: str
    turns: tuple[tuple[str, float], ...]
    attempts: int
    timeout: float | None
    backoff: float
    hint: float | None
    fallback: bool
    inner: "Plan | None"

    def perform(self, nested: list[str]) -> int:
        """Make the call, however it ends, and return how many attempts it made.

        Appends the names of calls inside of it that retry, if it retries too.
        """
        clock = ManualClock()
        turns = iter(self.turns)
        kind, seconds = self.turns[-1]
        runs = 0

        def work() -> str:
            nonlocal kind, seconds, runs
            runs += 1
            kind, seconds = next(turns, (kind, seconds))
            if self.inner is not None and self.inner.perform(nested) > 1 and self.attempts > 1:
                nested.append(self.inner.operation)
            clock.advance(seconds)
            error = TURNS[kind]
            if error is not None:
                raise error()
            return kind

        with contextlib.suppress(Exception, Interrupt):
            self.form.perform(self._policy(clock), work)
        return runs

    def _policy(self, clock: ManualClock) -> Policy[Any]:
        options: dict[str, Any] = {"fallback": None} if self.fallback else {}
        return Policy(
            on=OSError,
            on_result=lambda result: result == "rejected",
            attempts=self.attempts,
            timeout=self.timeout,
            backoff=self.backoff,
            hint=lambda _: self.hint,
            operation=self.operation,
            clock=clock,
            **options,
        )


def perform(plans: Sequence[Plan], threads: int) -> Counter[str]:
    """Make all calls, some at the same time; returns how many retried inside of others that retry, by operation."""
    nested: list[str] = []
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda plan: plan.perform(nested), plans))
    return Counter(nested)


def _plans(forms: Sequence[Form], backoffs: Sequence[float], inner: st.SearchStrategy[Plan | None]) -> Any:
    def complete(form: Form) -> st.SearchStrategy[Plan]:
        return st.builds(
            Plan,
            form=st.just(form),
            operation=st.sampled_from(["shop.fetch", "shop.pay"]),
            turns=st.lists(
                st.tuples(st.sampled_from(sorted(TURNS)), st.sampled_from([0.0, 0.5])), min_size=1, max_size=4
            ).map(tuple),
            attempts=st.integers(1, 4),
            timeout=st.sampled_from([None, 1.0]),
            backoff=st.sampled_from(backoffs),
            hint=st.sampled_from([None, 0.25, 90.0]) if any(backoffs) else st.none(),
            fallback=st.booleans() if form in FALLBACKS else st.just(False),
            inner=inner,
        )

    return st.sampled_from(forms).flatmap(complete)


# A call inside of another waits 0 s, for it may be inside of an event loop.
INNER = _plans(SYNC_FORMS, [0.0], st.none())
PLANS: st.SearchStrategy[list[Plan]] = st.lists(
    _plans(FORMS, [0.0, 0.25, 2.0], st.none() | INNER), min_size=1, max_size=12
)

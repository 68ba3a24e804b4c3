"""Makes the calls of a script: some in threads, some in the tasks of several event loops."""

from __future__ import annotations

import asyncio
import warnings
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from retold import Abort, NestedRetryWarning, Policy, RejectedResult, RetryAgain
from retold.core.rules import MISSING
from tests.laws.script import Step, Turn
from tests.laws.strand import STRAND, Interrupt, Strand, cancelled

THREADS = 2
LOOPS = 2
TASKS = 8
"""In each loop."""
STRANDS = THREADS + LOOPS * TASKS

EXPECTED = (OSError, ValueError, KeyError, RetryAgain, RejectedResult)
"""What calls end with, beside interruptions."""

Turns: TypeAlias = Iterator[Turn]

_RAISED: dict[str, Callable[[], BaseException]] = {
    "error": OSError,
    "timeout": TimeoutError,
    "again": RetryAgain,
    "not retryable": ValueError,
    "aborted": lambda: Abort(KeyError()),
    "cancelled": Interrupt,
    "cancelled in the wait": ConnectionError,
}


class Player:
    """Makes calls by the given policies: those of each strand, which are the same but for the budgets they share.

    What a budget has left depends on who came first: between strands that would be another each time.
    """

    def __init__(self, policies: Sequence[Sequence[Policy[Any]]]) -> None:
        self.policies = policies
        self._strands = [Strand(number) for number in range(STRANDS)]
        self._names = [str(policy._rules.operation) for policy in policies[0]]
        self._retrying = [policy._rules.attempts != 1 for policy in policies[0]]
        self._nested: list[str] = []
        self._iterable = [policy._rules.fallback is MISSING for policy in policies[0]]
        self._functions = [[policy(_function(self._attempt)) for policy in each] for each in policies]
        self._coroutines = [[policy(_coroutine(self._aattempt)) for policy in each] for each in policies]

    @property
    def nested(self) -> Counter[str]:
        """How many calls have retried inside of others that retry, by operation."""
        return Counter(self._nested)

    def play(self, steps: Sequence[Step]) -> None:
        """Make all these calls, in strands side by side; returns when they are over."""
        parts = [steps[number :: THREADS + LOOPS] for number in range(THREADS + LOOPS)]
        with warnings.catch_warnings(), ThreadPoolExecutor(THREADS + LOOPS) as pool:
            warnings.simplefilter("ignore", NestedRetryWarning)  # the script nests them on purpose
            running = [pool.submit(self._thread, number, parts[number]) for number in range(THREADS)]
            for number in range(LOOPS):
                loop = self._loop(THREADS + number * TASKS, parts[THREADS + number])
                running.append(pool.submit(asyncio.run, loop))
            for each in running:
                each.result()

    def _thread(self, number: int, steps: Sequence[Step]) -> None:
        STRAND.set(self._strands[number])
        for step in steps:
            self._perform(step)

    async def _loop(self, first: int, steps: Sequence[Step]) -> None:
        await asyncio.gather(*(self._task(first + number, steps[number::TASKS]) for number in range(TASKS)))

    async def _task(self, number: int, steps: Sequence[Step]) -> None:
        STRAND.set(self._strands[number])
        for step in steps:
            await self._aperform(step)

    def _perform(self, step: Step) -> None:
        policy, turns = self.policies[STRAND.get().number][step.policy], self._attempts(step)
        try:
            match step.form:
                case "called":
                    policy.call(self._attempt, turns)
                case "run":
                    policy.run(self._attempt, turns)
                case "block" | "left" if self._iterable[step.policy]:
                    for attempt in policy:
                        with attempt:
                            attempt.set_result(self._attempt(turns))
                        if step.form == "left":
                            break
                case _:
                    self._functions[STRAND.get().number][step.policy](turns)
        except (*EXPECTED, Interrupt):
            pass
        finally:
            STRAND.get().interrupted = False
            STRAND.get().around.pop()

    async def _aperform(self, step: Step) -> None:
        policy, turns = self.policies[STRAND.get().number][step.policy], self._attempts(step)
        try:
            match step.form:
                case "called":
                    await policy.acall(self._aattempt, turns)
                case "run":
                    await policy.arun(self._aattempt, turns)
                case "block" | "left" if self._iterable[step.policy]:
                    await self._ablock(step, policy, turns)
                case _:
                    await self._coroutines[STRAND.get().number][step.policy](turns)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()
        except EXPECTED:
            pass
        finally:
            STRAND.get().interrupted = False
            STRAND.get().around.pop()

    async def _ablock(self, step: Step, policy: Policy[Any], turns: Turns) -> None:
        async for attempt in policy:
            with attempt:
                attempt.set_result(await self._aattempt(turns))
            if step.form == "left":
                break

    def _attempts(self, step: Step) -> Turns:
        """What the attempts of a call that begins now do, each of which takes the next. To be popped off `around`."""
        around = STRAND.get().around
        inside = any(around)
        around.append(self._retrying[step.policy])
        return self._noted(step, inside=inside)

    def _noted(self, step: Step, *, inside: bool) -> Turns:
        for number, turn in enumerate(step.attempts(), 1):
            if number == 2 and inside:
                self._nested.append(self._names[step.policy])
            yield turn

    def _attempt(self, turns: Turns) -> str:
        turn = next(turns)
        if turn.inner is not None:
            self._perform(turn.inner)
        return _ended(turn)

    async def _aattempt(self, turns: Turns) -> str:
        turn = next(turns)
        await asyncio.sleep(0)
        if turn.inner is not None:
            await self._aperform(turn.inner)
        if turn.kind == "cancelled":
            STRAND.get().time += turn.seconds
            await cancelled()
        return _ended(turn)


def _ended(turn: Turn) -> str:
    strand = STRAND.get()
    strand.time += turn.seconds
    strand.interrupted = turn.kind == "cancelled in the wait"
    if turn.kind in _RAISED:
        raise _RAISED[turn.kind]()
    return "" if turn.kind == "rejected" else "page"


def _function(attempt: Callable[[Turns], str]) -> Callable[[Turns], str]:
    def function(turns: Turns) -> str:
        return attempt(turns)

    return function


def _coroutine(attempt: Callable[[Turns], Coroutine[Any, Any, str]]) -> Callable[[Turns], Coroutine[Any, Any, str]]:
    async def function(turns: Turns) -> str:
        return await attempt(turns)

    return function

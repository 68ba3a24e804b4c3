"""What Retold's own design adds: statements 60 to 62, processes, values and plain Python."""

import contextlib
import copy
import os
import pickle
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from retold import Exponential, Outcome, Policy
from retold.testing import ManualClock, MemoryExporter
from tests.runners.stepping import Attempts, Begin
from tests.subprocesses import run


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_60_a_forked_child_starts_from_zero_with_locks_that_work() -> None:
    """As workers that are forked while other threads call and the registry is collected."""
    # In a process without coverage, whose own lock a child may find taken.
    done = run(
        """
        from tests.pitfalls.forking import fork_beside_calls
        fork_beside_calls()
        """,
        flags=("-W", "error", "-W", "ignore:.*multi-threaded, use of fork:DeprecationWarning"),
        untraced=True,
    )

    *children, mine = done.out.splitlines()
    assert children == ["[{}, {'retold.calls shop.fetch success true': 3}]"] * 10
    assert mine == "['retold.calls shop.fetch success true']"


def is_bad(result: object) -> bool:
    return result == "bad"


def advice(failure: object) -> float:
    return 1.0


FULL: dict[str, Any] = {
    "on": (OSError, ValueError),
    "on_result": is_bad,
    "attempts": 5,
    "timeout": 20,
    "attempt_timeout": 2,
    "stop": is_bad,
    "backoff": Exponential(0.5),
    "hint": advice,
    "hint_cap": 30,
    "over_cap": "cap",
    "generator": "open",
    "on_retry": advice,
    "on_give_up": advice,
    "on_success": advice,
    "operation": "shop.pay",
}


@pytest.mark.parametrize("options", [FULL, {"on": OSError}, {"on": OSError, "fallback": None}])
def test_61_a_policy_can_be_pickled_copied_and_compared(options: dict[str, Any]) -> None:
    policy = Policy(**options)
    with_own = Policy(**options, clock=ManualClock(), rng=Random(1))

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(with_own, protocol)) == policy
    assert copy.copy(with_own) == copy.deepcopy(with_own) == with_own != policy
    assert hash(Policy(**options)) == hash(policy)
    assert policy.replace(attempts=2) != policy


def test_61_its_repr_is_one_line_that_says_all_but_secrets() -> None:
    told = repr(Policy(**FULL, fallback=lambda error: "c4n4ry"))

    assert "\n" not in told
    assert [name for name in FULL if f"{name}=" not in told] == []
    assert "fallback=..." in told
    assert repr(Policy(on=OSError)) == "Policy(on=OSError)"


class Suppressing:
    """A context manager of the user's that swallows what it is given."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: object, traceback: object) -> bool:
        return True


@contextlib.contextmanager
def swallowing() -> Iterator[None]:
    """The same as a generator."""
    with contextlib.suppress(OSError):
        yield


@pytest.mark.parametrize("inner", [Suppressing, swallowing, lambda: contextlib.suppress(OSError)])
def test_62_what_is_suppressed_inside_of_the_with_is_a_success(
    inner: Callable[[], Any], begin: Begin, clock: ManualClock, seen: MemoryExporter
) -> None:
    attempts = begin(Policy(on=OSError, clock=clock))

    with attempts.offered(), inner():
        raise OSError

    assert attempts.next() is None
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.SUCCESS, 1)


@pytest.mark.parametrize("outer", [Suppressing, swallowing, lambda: contextlib.suppress(OSError)])
def test_62_what_is_suppressed_outside_of_it_is_retried_first(
    outer: Callable[[], Any], begin: Begin, clock: ManualClock, seen: MemoryExporter
) -> None:
    attempts = begin(Policy(on=OSError, attempts=2, clock=clock))

    for _ in range(2):
        with outer(), attempts.offered():
            raise OSError

    assert attempts.next() is None
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.ATTEMPTS_EXHAUSTED, 2)


def test_62_a_context_manager_around_the_block_sees_only_what_the_call_raises(
    begin: Begin, clock: ManualClock, seen: MemoryExporter
) -> None:
    entered: list[int] = []

    @contextlib.contextmanager
    def connected(attempts: Attempts) -> Iterator[None]:
        with attempts.offered() as attempt:
            entered.append(attempt.number)
            yield

    attempts = begin(Policy(on=OSError, attempts=3, clock=clock))
    with connected(attempts):
        raise OSError
    with connected(attempts):
        pass

    assert entered == [1, 2]
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.SUCCESS, 2)

"""What an attempt makes current: set aside between the steps of a generator."""

from contextvars import Context, ContextVar
from typing import Any

import retold
from retold import Policy
from retold.testing import ManualClock
from tests.iterations import Iteration, Runs

USER: ContextVar[str] = ContextVar("USER")


class Naming(retold.Exporter):
    """Makes something current that has no default."""

    live = True
    makes_current = True

    def attempt_started(self, state: Any, event: retold.AttemptStarted) -> None:
        USER.set(f"attempt {event.number}")


def generating(seen: list[str]) -> Iteration:
    policy = Policy(on=OSError, backoff=1, clock=ManualClock(), generator="restart")
    runs = Runs([1, 2, OSError()], [3])
    return Iteration(policy(runs.function("sync", each=lambda _: seen.append(USER.get("nobody"))))())


def test_any_exporter_s_variables_are_set_aside() -> None:
    seen: list[str] = []
    with retold.configure(exporters=[Naming()]):
        USER.set("ann")
        iteration = generating(seen)
        for _ in range(3):
            iteration.send()
            assert USER.get() == "ann"

    assert seen == ["attempt 1", "attempt 1", "attempt 2"]


def test_a_variable_that_had_no_value_keeps_the_one_that_it_was_given() -> None:
    seen: list[str] = []

    def consume() -> None:
        iteration = generating(seen)
        for _ in range(3):
            iteration.send()

    with retold.configure(exporters=[Naming()]):
        Context().run(consume)

    assert seen == ["attempt 1", "attempt 1", "attempt 2"]

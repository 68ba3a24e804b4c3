"""What a call that was cancelled left is freed by counting references, whoever listens."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

from retold import Policy
from retold.testing import ManualClock
from tests.forms import Form
from tests.iterations import Iteration
from tests.looping import LIBRARIES, Library
from tests.pitfalls.tasks import cancelled_after
from tests.runners.leaving import Leaving, Local

pytestmark = pytest.mark.usefixtures("listening", "no_garbage_collector", "unkept_lines")


class Interrupt(BaseException):
    """Something that is never retried."""


class Interrupted(ManualClock):
    """A clock whose second wait is interrupted."""

    def sleep(self, seconds: float, /) -> None:
        super().sleep(seconds)
        if len(self.waits) == 2:
            raise Interrupt


def interrupted(form: Form, policy: Policy[Any], work: Leaving) -> None:
    """Perform, and let go of what interrupts it."""
    try:
        form.perform(policy, work)
    except Interrupt:
        return
    raise AssertionError


def test_interrupted_in_an_attempt(form: Form, clock: ManualClock) -> None:
    failures = iter([OSError, OSError, Interrupt])
    work = Leaving(lambda: next(failures)())

    interrupted(form, Policy(on=BaseException, attempts=9, clock=clock), work)

    assert len(work.left) == 3
    assert work.alive == 0


def test_interrupted_in_a_wait(form: Form) -> None:
    work = Leaving(OSError)

    interrupted(form, Policy(on=OSError, attempts=9, clock=Interrupted()), work)

    assert len(work.left) == 2
    assert work.alive == 0


@pytest.mark.parametrize("library", LIBRARIES, ids=str)
@pytest.mark.parametrize("where", ["attempt", "wait"])
def test_cancelled_by_a_library(where: str, library: Library, async_form: Form) -> None:
    failing = Leaving(OSError)

    async def work() -> None:
        local = Local()
        failing.left.append(weakref.ref(local))
        if where == "attempt" and len(failing.left) == 2:
            await library.sleep(3600)
        failing()
        del local

    async def main() -> int:
        policy = Policy(on=OSError, attempts=9, backoff=[1, 3600])
        assert await cancelled_after(library, 5, lambda: async_form.awaiting(policy, work))
        await library.sleep(0)  # asyncio itself holds the last cancellation for one turn
        return failing.alive

    assert library.run(main) == 0
    assert len(failing.left) >= 3


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("mode", ["restart", "open"])
def test_a_generator_that_is_closed(mode: Any, kind: str, clock: ManualClock) -> None:
    failing = Leaving(OSError, failures=2)

    def pages() -> Any:
        local = failing()
        yield local
        yield local

    async def apages() -> Any:
        for page in pages():
            yield page

    policy: Any = Policy(on=OSError, generator=mode, clock=clock)
    iteration = Iteration(policy(pages if kind == "sync" else apages)())
    iteration.send()
    iteration.close()

    assert len(failing.left) == 3
    assert failing.alive == 0

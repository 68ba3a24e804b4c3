"""Test support and configuration: statements 53 to 55."""

import inspect
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from retold import Budget, Exponential, Policy
from retold.testing import ManualClock, MemoryExporter, disabled, instant
from tests.forms import Failing, Form
from tests.iterations import Iteration, Runs
from tests.looping import Library
from tests.pitfalls.tasks import together
from tests.subprocesses import run

HOURS = Policy(on=OSError, backoff=3600, operation="shop.fetch")


def test_53_no_test_needs_to_sleep(form: Form, seen: MemoryExporter) -> None:
    with instant():
        assert form.perform(HOURS, Failing(OSError, OSError, "page")) == "page"

    assert seen.delays == [3600, 3600]
    assert seen.last.duration > 7200


def test_53_nor_to_give_every_policy_a_clock(form: Form) -> None:
    with ManualClock() as clock:
        assert form.perform(HOURS, Failing(OSError, OSError, "page")) == "page"

    assert clock.now() == 7200


@pytest.mark.parametrize("scope", [instant, disabled, ManualClock])
def test_53_it_holds_for_no_other_thread(scope: Callable[[], Any], sync_form: Form) -> None:
    took: list[float] = []

    def elsewhere() -> None:
        began = time.monotonic()
        assert sync_form.perform(HOURS.replace(backoff=0.01), Failing(OSError, OSError, "page")) == "page"
        took.append(time.monotonic() - began)

    thread = threading.Thread(target=elsewhere)
    with scope() as clock:
        thread.start()
        thread.join()

    assert len(took) == 1
    assert took[0] >= 0.02
    assert clock is None or clock.now() == 0


@pytest.mark.parametrize("scope", [instant, disabled, ManualClock])
def test_53_nor_for_a_task_beside_it(scope: Callable[[], Any], async_form: Form, library: Library) -> None:
    runs: list[int] = []
    took: list[float] = []

    async def beside() -> None:
        work = Failing(OSError, OSError, "page")

        async def awaited() -> Any:
            return work()

        began = library.now()
        await async_form.awaiting(HOURS, awaited)
        runs.append(work.runs)
        took.append(library.now() - began)

    async def inside() -> None:
        with scope():
            await library.sleep(10_000)

    library.run(lambda: together(library, inside, beside))

    assert runs == [3]
    assert took == [pytest.approx(7200)]


def test_53_and_ends_with_its_scope() -> None:
    work = Failing(OSError)
    with disabled():
        pass

    HOURS.replace(backoff=0).run(work)

    assert work.runs == 3


def test_54_without_retries_the_function_runs_once_and_its_error_is_raised(form: Form) -> None:
    error, work = OSError(), Failing(OSError("never"))
    work.turns = (error,)

    with disabled(), pytest.raises(OSError) as raised:
        form.perform(HOURS, work)

    assert raised.value is error
    assert work.runs == 1


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("mode", ["restart", "open"])
def test_54_so_it_is_for_generators(kind: str, mode: Any) -> None:
    error = OSError()
    runs = Runs([error])

    with disabled(), pytest.raises(OSError) as raised:
        Iteration(HOURS.replace(generator=mode)(runs.function(kind))()).send()

    assert raised.value is error
    assert runs.started == 1


def test_54_and_where_the_environment_says_so() -> None:
    done = run(
        """
        import retold
        from tests.forms import FORMS, Failing

        error = OSError()
        for form in FORMS:
            work = Failing(error)
            try:
                form.perform(retold.Policy(on=OSError, backoff=3600), work)
            except OSError as raised:
                print(form, work.runs, raised is error)
        """,
        env={"RETOLD_DISABLED": "1"},
    )

    assert len(done.lines) == 8
    assert {line.split(" ", 1)[1] for line in done.lines} == {"1 True"}


def condition(value: object) -> bool:
    return False


def seconds(value: object) -> float:
    return 1.0


def told(event: object) -> None: ...


OPTIONS: dict[str, tuple[Any, Any]] = {
    "on": (OSError, ValueError),
    "on_result": (condition, None),
    "attempts": (5, 6),
    "timeout": (20.0, 30.0),
    "attempt_timeout": (2.0, 3.0),
    "stop": (condition, None),
    "backoff": (Exponential(0.5), Exponential(1)),
    "hint": (seconds, condition),
    "hint_cap": (30.0, 40.0),
    "over_cap": ("cap", "ignore"),
    "budget": (Budget("shop"), None),
    "fallback": (seconds, None),
    "generator": ("restart", "open"),
    "on_retry": (told, None),
    "on_give_up": (told, None),
    "on_success": (told, None),
    "operation": ("shop.fetch", "shop.pay"),
    "clock": (ManualClock(), ManualClock()),
    "rng": (Random(1), Random(2)),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_55_changing_one_option_keeps_every_other(option: str) -> None:
    before: dict[str, Any] = {name: value for name, (value, _) in OPTIONS.items()}
    changed = OPTIONS[option][1]

    replaced = Policy(**before).replace(**{option: changed})

    assert replaced == Policy(**before | {option: changed})
    assert replaced != Policy(**before)
    assert replaced.replace(**{option: before[option]}) == Policy(**before)


def test_55_that_is_all_of_them() -> None:
    parameters = inspect.signature(Policy.__init__).parameters.values()

    assert set(OPTIONS) == {each.name for each in parameters if each.kind is each.KEYWORD_ONLY}

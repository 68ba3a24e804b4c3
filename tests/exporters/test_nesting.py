"""Of nested calls, only the outermost warns."""

import asyncio
import logging

import pytest

import retold
from retold import Policy
from retold.exporters._lines import Fields, Lines
from retold.testing import ManualClock
from tests.forms import ASYNC_FORMS, FORMS, SYNC_FORMS, Failing, Form

pytestmark = pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")


class Kept(Lines):
    """Keeps the operations and levels of calls that gave up."""

    name = "kept"

    def __init__(self, levels: dict[str, str | int | None] | None = None) -> None:
        super().__init__(levels, now=lambda: 0.0)
        self.gave_up: list[tuple[object, str]] = []

    def write(self, level: int, event: str, fields: Fields) -> None:
        if event == "retold.call.gave_up":
            self.gave_up.append((fields["retold.operation"], logging.getLevelName(level)))


def policy(operation: str, attempts: int = 2, on: type[Exception] = OSError) -> Policy[None]:
    return Policy(on=on, attempts=attempts, backoff=0, operation=operation, clock=ManualClock())


@pytest.mark.parametrize("tracing", [False, True], ids=["", "told"])
@pytest.mark.parametrize("inner", SYNC_FORMS, ids=str)
@pytest.mark.parametrize("outer", FORMS, ids=str)
def test_a_call_inside_of_another_leaves_the_warning_to_it(outer: Form, inner: Form, *, tracing: bool) -> None:
    kept = Kept()

    with retold.configure(exporters=[kept, "memory"] if tracing else [kept]), pytest.raises(OSError):
        outer.perform(policy("order"), lambda: inner.perform(policy("pay"), Failing(OSError)))

    assert kept.gave_up == [("pay", "INFO"), ("pay", "INFO"), ("order", "WARNING")]


@pytest.mark.parametrize("inner", ASYNC_FORMS, ids=str)
@pytest.mark.parametrize("outer", ASYNC_FORMS, ids=str)
async def test_a_call_that_is_awaited_in_another_leaves_the_warning_to_it(outer: Form, inner: Form) -> None:
    kept = Kept()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise OSError

    async def pay() -> object:
        await asyncio.sleep(0)
        return await inner.awaiting(policy("pay"), fail)

    with retold.configure(exporters=[kept]), pytest.raises(OSError):
        await outer.awaiting(policy("order"), pay)

    assert kept.gave_up == [("pay", "INFO"), ("pay", "INFO"), ("order", "WARNING")]


def test_a_call_alone_warns_in_every_form(form: Form) -> None:
    kept = Kept()

    with retold.configure(exporters=[kept]), pytest.raises(OSError):
        form.perform(policy("order"), Failing(OSError))

    assert kept.gave_up == [("order", "WARNING")]


def test_of_three_only_the_outermost_warns_and_nobody_does_if_it_recovers() -> None:
    kept = Kept()
    turns = iter([OSError, OSError, OSError, OSError, None])

    @policy("order")
    @policy("pay")
    @policy("charge")
    def charge() -> str:
        turn = next(turns)
        if turn is not None:
            raise turn
        return "paid"

    with retold.configure(exporters=[kept]):
        assert charge() == "paid"

    assert kept.gave_up == [("charge", "INFO"), ("charge", "INFO"), ("pay", "INFO")]


def test_a_policy_s_own_callables_are_inside_of_its_call() -> None:
    kept = Kept()

    def fall_back(error: Exception) -> str:
        policy("cache").run(Failing(OSError))
        return "old"

    with retold.configure(exporters=[kept]):
        value = Policy(on=OSError, attempts=1, operation="order", fallback=fall_back, clock=ManualClock()).call(
            Failing(OSError)
        )

    assert value == "old"
    assert kept.gave_up == [("cache", "INFO"), ("order", "WARNING")]


def test_calls_one_after_the_other_are_not_nested() -> None:
    kept = Kept()

    with retold.configure(exporters=[kept]):
        policy("order", attempts=1).run(Failing(OSError))
        policy("order", attempts=1).run(Failing(OSError))

    assert kept.gave_up == [("order", "WARNING")] * 2


def test_without_tracing_a_call_in_another_task_than_the_one_around_it_is_on_its_own() -> None:
    kept = Kept()

    async def fail() -> None:
        raise OSError

    async def order() -> None:
        await asyncio.create_task(policy("pay").acall(fail))

    with retold.configure(exporters=[kept]), pytest.raises(OSError):
        asyncio.run(policy("order", attempts=1).acall(order))

    assert kept.gave_up == [("pay", "WARNING"), ("order", "WARNING")]


@pytest.mark.parametrize(
    ("level", "inner", "outer"),
    [("error", "INFO", "ERROR"), ("info", "INFO", "INFO"), ("debug", "DEBUG", "DEBUG")],
)
def test_an_inner_call_is_never_louder_than_info_nor_than_the_level_that_is_chosen(
    level: str, inner: str, outer: str
) -> None:
    kept = Kept({"retold.call.gave_up": level})

    with retold.configure(exporters=[kept]):
        policy("order", attempts=1).run(lambda: policy("pay").call(Failing(OSError)))

    assert kept.gave_up == [("pay", inner), ("order", outer)]


def test_inner_calls_use_up_none_of_the_warnings_that_are_let_through() -> None:
    kept = Kept()

    def pay() -> None:
        policy("pay", attempts=1).call(Failing(OSError))

    with retold.configure(exporters=[kept]):
        for _ in range(25):
            policy("order", attempts=1).run(pay)
        policy("pay", attempts=1).run(Failing(OSError))

    assert kept.gave_up.count(("pay", "INFO")) == kept.gave_up.count(("order", "WARNING")) == 10
    assert kept.gave_up[-1] == ("pay", "WARNING")


@pytest.mark.parametrize("outer", ASYNC_FORMS, ids=str)
@pytest.mark.parametrize("inner", ASYNC_FORMS, ids=str)
async def test_with_tracing_a_call_in_a_task_of_the_one_around_it_leaves_the_warning_to_it(
    outer: Form, inner: Form
) -> None:
    kept = Kept()

    async def fail() -> None:
        raise OSError

    async def order() -> None:
        await asyncio.gather(inner.awaiting(policy("pay"), fail))

    with retold.configure(exporters=[kept, "memory"]), pytest.raises(OSError):
        await outer.awaiting(policy("order", attempts=1), order)

    assert kept.gave_up == [("pay", "INFO"), ("order", "WARNING")]


async def test_what_outlives_the_call_that_began_it_warns_on_its_own() -> None:
    kept = Kept()
    begun: list[asyncio.Task[None]] = []
    ended = asyncio.Event()

    async def fail() -> None:
        await ended.wait()
        raise OSError

    async def order() -> None:
        begun.append(asyncio.create_task(policy("pay").acall(fail)))

    with retold.configure(exporters=[kept, "memory"]):
        await policy("order").acall(order)
        ended.set()
        with pytest.raises(OSError):
            await begun[0]

    assert kept.gave_up == [("pay", "WARNING")]


def test_lines_tell_how_many_calls_are_around() -> None:
    lines: list[tuple[str, object, object]] = []

    class Deep(Lines):
        def write(self, level: int, event: str, fields: Fields) -> None:
            lines.append((event, fields["retold.operation"], fields.get("retold.call.depth")))

    def pay() -> None:
        policy("pay").call(Failing(OSError))

    with retold.configure(exporters=[Deep({"retold.attempt.failed": None})]), pytest.raises(OSError):
        policy("order", attempts=1).call(pay)

    assert lines == [
        ("retold.retry.scheduled", "pay", 1),
        ("retold.call.gave_up", "pay", 1),
        ("retold.call.gave_up", "order", None),
    ]

"""A call that retries inside of another that retries is warned of, once for each operation."""

import asyncio
import contextvars
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import trio

import retold
from retold import NestedRetryWarning, Outcome, Policy
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL
from retold.runners import nested
from retold.telemetry import CALL_ACTIVE, CALL_WAITING, CALLS
from retold.testing import ManualClock, MemoryExporter
from tests.forms import ASYNC_FORMS, DECORATOR, FORMS, Failing, Form, drive


def policy(operation: str, attempts: int | None = 2, **options: Any) -> Policy[Any]:
    return Policy(on=OSError, attempts=attempts, backoff=0, operation=operation, clock=ManualClock(), **options)


@pytest.fixture
def caught() -> Iterator[list[warnings.WarningMessage]]:
    """The warnings given in a test."""
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        yield given


@pytest.fixture(params=["nobody", "logging", "memory", "prometheus"])
def told(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whoever is told: calls go on in another way each time."""
    exporters: list[Any] = [] if request.param == "nobody" else [request.param]
    with retold.configure(exporters=exporters):
        yield
    if request.param == "prometheus":
        Prometheus().close()


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("inner", FORMS, ids=str)
@pytest.mark.parametrize("outer", FORMS, ids=str)
def test_a_call_that_retries_inside_of_another_is_warned_of_once(
    outer: Form, inner: Form, caught: list[warnings.WarningMessage]
) -> None:
    for _ in range(2):
        outer.perform(policy("order", 3), lambda: inner.perform(policy("pay"), Failing(OSError, "paid")))

    (warning,) = caught
    assert warning.category is NestedRetryWarning
    assert str(warning.message) == (
        "pay retries inside of order, which retries too: up to 3 x 2 attempts where one call was meant;"
        " let one of the two retry"
    )
    assert warning.filename == DECORATOR.perform.__code__.co_filename


@pytest.mark.usefixtures("told")
def test_a_call_alone_is_not_warned_of(form: Form) -> None:
    for _ in range(3):
        form.perform(policy("pay"), Failing(OSError, "paid"))


@pytest.mark.usefixtures("told")
def test_a_call_inside_of_one_that_never_retries_is_not_warned_of(form: Form) -> None:
    form.perform(policy("order", 1), lambda: policy("pay").call(Failing(OSError, "paid")))


@pytest.mark.usefixtures("told")
def test_a_call_that_succeeds_at_once_inside_of_another_is_not_warned_of(form: Form) -> None:
    form.perform(policy("order"), lambda: policy("pay").call(Failing("paid")))


@pytest.mark.parametrize("exporter", ["logging", "memory"])
def test_an_operation_that_retries_alone_at_first_is_not_forgotten_where_somebody_is_told(
    form: Form, exporter: str, caught: list[warnings.WarningMessage]
) -> None:
    turns = iter([OSError, None] * 40)

    @policy("pay")
    def pay() -> None:
        turn = next(turns)
        if turn is not None:
            raise turn

    with retold.configure(exporters=[exporter]):
        for _ in range(10):
            pay()
        for _ in range(30):
            form.perform(policy("order"), pay)

    assert [warning.category for warning in caught] == [NestedRetryWarning]


def test_the_same_function_decorated_twice_is_nested(caught: list[warnings.WarningMessage]) -> None:
    @policy("pay", 4)
    @policy("pay", 3)
    def pay() -> None:
        raise OSError

    with pytest.raises(OSError):
        pay()

    assert [str(warning.message).split(";")[0] for warning in caught] == [
        "pay retries inside of pay, which retries too: up to 4 x 3 attempts where one call was meant"
    ]


def test_without_a_limit_the_warning_has_no_product(form: Form, caught: list[warnings.WarningMessage]) -> None:
    form.perform(policy("order", None, timeout=9), lambda: policy("pay").call(Failing(OSError, "paid")))

    assert str(caught[0].message) == "pay retries inside of order, which retries too; let one of the two retry"


def test_a_generator_that_retries_is_warned_of_and_so_is_a_call_in_it(caught: list[warnings.WarningMessage]) -> None:
    turns = iter([OSError, None])

    @policy("pages", 3, generator="restart")
    def pages() -> Iterator[int]:
        policy("page").call(Failing(OSError, "page"))
        turn = next(turns)
        if turn is not None:
            raise turn
        yield 1

    policy("order").call(lambda: list(pages()))

    assert [str(warning.message).split(":")[0] for warning in caught] == [
        "page retries inside of pages, which retries too",
        "pages retries inside of order, which retries too",
    ]


def test_an_outer_block_without_a_name_is_called_as_its_function_is(caught: list[warnings.WarningMessage]) -> None:
    for attempt in Policy(on=OSError):
        with attempt:
            policy("pay").call(Failing(OSError, "paid"))

    assert "inside of tests.nesting.test_warning.test_an_outer_block_without_a_name" in str(caught[0].message)


@pytest.mark.usefixtures("told")
def test_the_warning_as_an_error_ends_the_call_as_an_interruption_does(form: Form) -> None:
    memory = MemoryExporter()

    with retold.configure(exporters=[memory]), pytest.raises(NestedRetryWarning):
        policy("order").call(lambda: form.perform(policy("pay"), Failing(OSError)))

    assert [call.outcome for call in memory.calls] == [Outcome.CANCELLED, Outcome.NOT_RETRYABLE]


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_the_warning_as_an_error_leaves_counts_right_where_nobody_is_told(*, asynchronous: bool) -> None:
    work = Failing("paid", OSError)

    @policy("pay")
    def pay() -> object:
        return work()

    @policy("pay")
    async def apay() -> object:
        return work()

    def perform() -> object:
        return drive(apay()) if asynchronous else pay()

    with retold.configure(exporters=["prometheus"]):
        perform()  # from the second call on, a wrapper goes the shortest way
        with pytest.raises(NestedRetryWarning):
            policy("order").call(perform)
        totals = JOURNAL.collect()
        Prometheus().close()

    assert totals[CALLS]["pay", "cancelled", False] == 1
    assert set(totals[CALL_ACTIVE].values()) == set(totals[CALL_WAITING].values()) == {0}


def test_blocks_one_after_the_other_are_not_nested() -> None:
    for attempt in policy("order"):
        with attempt:
            pass
    for attempt in policy("pay"):
        with attempt:
            if attempt.number == 1:
                raise OSError
    policy("ship").call(Failing(OSError, "sent"))


def test_blocks_inside_of_one_another_in_one_function_are(caught: list[warnings.WarningMessage]) -> None:
    for first in policy("order"):
        with first:
            for second in policy("pay"):
                with second:
                    for third in policy("charge"):
                        with third:
                            if third.number == 1:
                                raise OSError

    assert "charge retries inside of pay" in str(caught[0].message)


async def _in_tasks(outer: Form, inner: Callable[[], Awaitable[Any]]) -> None:
    async def order() -> None:
        await asyncio.gather(inner(), inner())

    await outer.awaiting(policy("order"), order)


@pytest.mark.parametrize("outer", ASYNC_FORMS, ids=str)
async def test_a_call_in_a_task_of_the_one_around_it_is_seen_where_live_exporters_are_told(
    outer: Form, caught: list[warnings.WarningMessage]
) -> None:
    failing = [Failing(OSError, "paid") for _ in range(2)]
    turns = iter(failing)

    async def pay() -> None:
        turn = next(turns)

        async def work() -> Any:
            return turn()

        await policy("pay").acall(work)

    with retold.configure(exporters=["memory"]):
        await _in_tasks(outer, pay)

    assert ["pay retries inside of order" in str(warning.message) for warning in caught] == [True]


def test_a_call_in_a_nursery_is_seen(caught: list[warnings.WarningMessage]) -> None:
    failing = Failing(OSError, "paid")

    async def work() -> Any:
        return failing()

    async def pay() -> None:
        await policy("pay").acall(work)

    async def order() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pay)

    with retold.configure(exporters=["memory"]):
        trio.run(policy("order").acall, order)

    assert "pay retries inside of order" in str(caught[0].message)


@pytest.mark.parametrize("copied", [False, True])
def test_a_thread_sees_the_call_around_it_if_it_is_given_its_context(
    caught: list[warnings.WarningMessage], *, copied: bool
) -> None:
    def order() -> None:
        context = contextvars.copy_context()
        pay = policy("pay").call
        work = Failing(OSError, "paid")
        thread = threading.Thread(target=context.run if copied else pay, args=(pay, work) if copied else (work,))
        thread.start()
        thread.join()

    with retold.configure(exporters=["memory"]):
        policy("order").call(order)

    assert len(caught) == copied


def test_operations_beyond_a_limit_are_not_watched(
    monkeypatch: pytest.MonkeyPatch, caught: list[warnings.WarningMessage]
) -> None:
    monkeypatch.setattr(nested, "OPERATIONS", 2)

    for name in ("first", "second", "third", "second"):
        policy("order", 3).call(policy(name).run, Failing(OSError, "paid"))

    assert [str(each.message).split()[0] for each in caught] == ["first", "second"]
    assert len(nested._retried) == 2

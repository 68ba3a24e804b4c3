"""Conditions that are put together."""

import asyncio
import copy
import operator
import pickle
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retold
from retold import Abort, Outcome, Policy, PolicyError, on
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form


def is_empty(error: BaseException) -> bool:
    return not error.args


def is_among(names: set[str], error: Exception) -> bool:
    return type(error).__name__ in names


def raised_from(cause: BaseException | None, context: BaseException | None = None) -> Exception:
    """A `KeyError` raised `from` a cause, or while a context was handled."""
    error = KeyError("outer")
    error.__context__ = context
    if cause is not None:
        error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("condition", "error", "holds"),
    [
        (on.any_of(OSError, ValueError), TimeoutError(), True),
        (on.any_of(OSError, ValueError), KeyError(), False),
        (on.any_of(OSError, (KeyError, IndexError)), IndexError(), True),
        (on.any_of(OSError, is_empty), KeyError(), True),
        (on.any_of(OSError, is_empty), KeyError("key"), False),
        (on.any_of(OSError, lambda error: 1), KeyError("key"), True),
        (on.all_of(OSError, is_empty), OSError(), True),
        (on.all_of(OSError, is_empty), OSError("disk"), False),
        (on.all_of(OSError, on.not_(TimeoutError)), OSError(), True),
        (on.all_of(OSError, on.not_(TimeoutError)), TimeoutError(), False),
        (on.not_((OSError, KeyError)), ValueError(), True),
        (on.not_((OSError, KeyError)), KeyError(), False),
        (on.not_(is_empty), KeyError("key"), True),
        (on.cause(OSError), raised_from(TimeoutError()), True),
        (on.cause(OSError), raised_from(None, context=TimeoutError()), True),
        (on.cause(OSError), raised_from(raised_from(None, context=raised_from(OSError()))), True),
        (on.cause((OSError, ValueError)), raised_from(ValueError()), True),
        (on.cause(is_empty), raised_from(ValueError()), True),
        (on.cause(is_empty), raised_from(KeyboardInterrupt()), False),
        (on.cause(KeyboardInterrupt), raised_from(KeyboardInterrupt()), True),
        (on.cause(OSError), raised_from(ValueError(), context=OSError()), False),
        (on.cause(OSError), OSError(), False),
        (on.group(OSError), ExceptionGroup("two", [OSError(), ValueError()]), True),
        (on.group(OSError, match="all"), ExceptionGroup("two", [OSError(), ValueError()]), False),
        (on.group(OSError, match="all"), ExceptionGroup("two", [OSError(), TimeoutError()]), True),
        (on.group(OSError), ExceptionGroup("one", [ExceptionGroup("within", [KeyError(), OSError()])]), True),
        (on.group(OSError), ExceptionGroup("one", [ExceptionGroup("within", [KeyError()])]), False),
        (on.group(ExceptionGroup), ExceptionGroup("one", [ExceptionGroup("within", [KeyError()])]), False),
        (on.group(is_empty, match="all"), ExceptionGroup("one", [KeyError()]), True),
        (on.group(on.cause(OSError)), ExceptionGroup("one", [raised_from(OSError())]), True),
        (on.group(OSError), OSError(), False),
        (on.any_of(OSError), ExceptionGroup("one", [OSError()]), False),
        (on.any_of(OSError, on.group(OSError)), ExceptionGroup("one", [OSError()]), True),
    ],
)
def test_a_condition_holds_where_it_says(
    condition: Any, error: Exception, holds: bool, clock: ManualClock, seen: MemoryExporter
) -> None:
    assert condition(error) is holds

    Policy(on=condition, attempts=2, backoff=0, clock=clock).run(Failing(error))

    assert seen.last.outcome is (Outcome.ATTEMPTS_EXHAUSTED if holds else Outcome.NOT_RETRYABLE)


def test_a_suppressed_context_is_no_cause() -> None:
    error = raised_from(None, context=OSError())
    assert on.cause(OSError)(error)

    error.__suppress_context__ = True  # as `raise ... from None` has it

    assert not on.cause(OSError)(error)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4)), min_size=5, max_size=5))
def test_a_chain_that_comes_around_ends(links: list[tuple[bool, int, int]]) -> None:
    errors = [KeyError(number) for number in range(5)]
    for error, (by_cause, cause, context) in zip(errors, links, strict=True):
        error.__context__ = errors[context]
        if by_cause:
            error.__cause__ = errors[cause]

    for error in errors:
        assert not on.cause(OSError)(error)
        assert not on.cause(partial(operator.is_, error))(error)


def test_no_condition_asks_further_than_it_must() -> None:
    asked: list[str] = []

    def asking(name: str, answer: bool) -> Any:
        def condition(error: Exception) -> bool:
            asked.append(name)
            return answer

        return condition

    assert on.any_of(asking("yes", True), asking("never", True))(OSError())
    assert not on.all_of(asking("no", False), asking("never", True))(OSError())
    assert asked == ["yes", "no"]


def test_nothing_but_exceptions_is_retried_whatever_the_condition(
    form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    everything = on.any_of(BaseException, on.not_(ValueError), on.group(BaseException))
    policy = Policy(on=everything, clock=clock)

    with pytest.raises(BaseExceptionGroup):
        form.perform(policy, Failing(BaseExceptionGroup("both", [KeyboardInterrupt(), OSError()])))
    with pytest.raises(KeyboardInterrupt):
        form.perform(policy, Failing(KeyboardInterrupt))

    assert [(call.outcome, call.attempts) for call in seen.calls] == [(Outcome.CANCELLED, 1)] * 2


@pytest.mark.parametrize(
    "condition",
    [Exception, OSError, lambda error: True, on.group(OSError), on.any_of(Exception), None],
    ids=["all", "others", "predicate", "group", "any", "results"],
)
def test_an_abort_in_a_group_ends_the_call_with_the_group(
    condition: Any, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    group = ExceptionGroup("tasks", [OSError(), ExceptionGroup("within", [Abort(LookupError())])])
    policy = Policy(on=condition, on_result=lambda result: result is None, clock=clock)

    with pytest.raises(ExceptionGroup) as raised:
        form.perform(policy, Failing(group))

    assert raised.value is group
    assert [len(group.exceptions), hasattr(group, "__notes__")] == [2, False]
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.ABORTED, 1)


async def test_an_abort_in_a_task_ends_the_call(seen: MemoryExporter) -> None:
    async def refused() -> None:
        raise Abort(PermissionError("revoked"))

    @Policy(on=Exception, backoff=0)
    async def fetch_all() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.sleep(60))
            tasks.create_task(refused())

    with pytest.raises(ExceptionGroup):
        await fetch_all()

    assert (seen.last.outcome, seen.last.attempts) == (Outcome.ABORTED, 1)


def test_what_is_in_a_group_counts_for_those_who_say_so_only(clock: ManualClock, seen: MemoryExporter) -> None:
    work = Failing(ExceptionGroup("one", [OSError()]))

    for each in (OSError, on.any_of(OSError), on.group(OSError)):
        Policy(on=each, attempts=2, clock=clock).run(work)

    assert [call.attempts for call in seen.calls] == [1, 1, 2]


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        (on.any_of(OSError, (KeyError, IndexError)), "on.any_of(OSError, (KeyError, IndexError))"),
        (on.all_of(OSError, is_empty), "on.all_of(OSError, is_empty)"),
        (on.not_(TimeoutError), "on.not_(TimeoutError)"),
        (on.cause(OSError), "on.cause(OSError)"),
        (on.group(OSError), "on.group(OSError)"),
        (
            on.any_of(OSError, on.group(on.cause(OSError), match="all")),
            "on.any_of(OSError, on.group(on.cause(OSError), match='all'))",
        ),
        (on.any_of(partial(is_among, {"a secret"})), "on.any_of(partial(is_among, ...))"),
    ],
)
def test_a_condition_is_written_as_one_would(condition: Any, written: str) -> None:
    assert repr(condition) == written
    assert repr(Policy(on=condition)) == f"Policy(on={written})"


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_condition_survives_pickling_in_its_policy(protocol: int) -> None:
    policy = Policy(
        on=on.any_of(
            on.all_of(OSError, on.not_(is_empty)), on.cause((OSError, KeyError)), on.group(OSError, match="all")
        )
    )

    twin = pickle.loads(pickle.dumps(policy, protocol))

    assert (twin, hash(twin), repr(twin)) == (policy, hash(policy), repr(policy))
    assert twin != Policy(on=on.any_of(on.all_of(OSError, on.not_(is_empty))))


def test_conditions_are_equal_if_they_say_the_same() -> None:
    conditions: list[object] = [
        on.any_of(OSError),
        on.all_of(OSError),
        on.not_(OSError),
        on.cause(OSError),
        on.group(OSError),
        on.group(OSError, match="all"),
    ]

    assert len(set(conditions)) == 6
    assert copy.deepcopy(conditions) == conditions


@pytest.mark.parametrize("word", ["any_of", "all_of"])
def test_no_condition_at_all_is_refused(word: str) -> None:
    with pytest.raises(PolicyError, match=rf"on\.{word} must be given at least one condition, as in"):
        getattr(on, word)()


@pytest.mark.parametrize("word", ["any_of", "all_of", "not_", "cause", "group"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (int, "must name exceptions, and int is no exception"),
        ((), "must name at least one exception"),
        ((OSError, 5), "must name exceptions, and 5 is no exception type"),
        ("OSError", "must be an exception type, a tuple of them or a predicate, not 'OSError'"),
        (None, "must be an exception type, a tuple of them or a predicate, not None"),
    ],
)
def test_what_is_no_condition_is_refused(word: str, value: Any, message: str) -> None:
    with pytest.raises(PolicyError, match=rf"on\.{word} {message}"):
        getattr(on, word)(value)


def test_a_group_can_match_in_two_ways() -> None:
    with pytest.raises(PolicyError, match="match must be 'any' or 'all', not 'some'"):
        on.group(OSError, match="some")  # type: ignore[arg-type]


def test_a_predicate_that_raises_is_the_policys_bug(clock: ManualClock, seen: MemoryExporter) -> None:
    def buggy(error: Exception) -> bool:
        raise LookupError

    with pytest.raises(LookupError) as caught:
        Policy(on=retold.on.any_of(KeyError, buggy), clock=clock).call(Failing(OSError))

    assert isinstance(caught.value.__context__, OSError)
    assert seen.last.outcome is Outcome.NOT_RETRYABLE

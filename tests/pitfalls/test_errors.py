"""Errors: statements 18 to 22, what is raised."""

import contextlib
import copy
import pickle
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import retold
from retold import Abort, AttemptTimeout, Outcome, Policy, RejectedResult, errors, hints, on
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form


def exhausted(clock: ManualClock) -> Policy[Any]:
    return Policy(on=OSError, backoff=1, operation="shop.fetch", clock=clock)


def raised_by(form: Form, policy: Policy[Any], work: Callable[[], Any]) -> BaseException:
    """What a call raises, outside of any `except`."""
    with pytest.raises(BaseException) as raised:
        form.perform(policy, work)
    return raised.value


def with_cause() -> OSError:
    error = OSError()
    error.__cause__ = KeyError()
    return error


def with_context() -> OSError:
    error = OSError()
    error.__context__ = KeyError()
    return error


def with_suppressed_context() -> OSError:
    error = with_context()
    error.__suppress_context__ = True
    return error


@pytest.mark.parametrize("make", [OSError, with_cause, with_context, with_suppressed_context])
def test_18_the_last_error_is_raised_as_it_is(make: Callable[[], OSError], form: Form, clock: ManualClock) -> None:
    errors_made = [make() for _ in range(3)]
    left = list(errors_made)
    chain = [(error.__cause__, error.__context__, error.__suppress_context__) for error in errors_made]

    def work() -> None:
        raise left.pop(0)

    raised = raised_by(form, exhausted(clock), work)

    assert raised is errors_made[-1]
    assert work.__code__ in [frame.f_code for frame, _ in traceback.walk_tb(raised.__traceback__)]
    assert (raised.__cause__, raised.__context__, raised.__suppress_context__) == chain[-1]
    assert raised.__notes__ == ["retold: shop.fetch: attempts_exhausted after 3 attempts and 2 s of waiting"]


def test_18_one_note_however_often_the_same_error_is_raised(form: Form, clock: ManualClock) -> None:
    error = OSError()
    error.add_note("a note of the user's")

    for _ in range(5):
        assert raised_by(form, exhausted(clock), Failing(error)) is error

    assert [note.partition(":")[0] for note in error.__notes__] == ["a note of the user's", "retold"]


def test_18_nor_when_threads_share_it(sync_form: Form) -> None:
    error = OSError()

    def call(number: int) -> None:
        with contextlib.suppress(OSError):
            sync_form.perform(Policy(on=OSError, backoff=0, operation="shop.fetch"), Failing(error))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(200)))

    assert error.__notes__ == ["retold: shop.fetch: attempts_exhausted after 3 attempts"]


class Frozen(OSError):
    """Keeps what it is raised with and nothing else."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


class Refusing(OSError):
    """Wants no notes."""

    def add_note(self, note: str) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("kind", [Frozen, Refusing])
def test_18_none_where_notes_are_refused(kind: type[OSError], form: Form, clock: ManualClock) -> None:
    error = kind()

    assert raised_by(form, exhausted(clock), Failing(error)) is error
    assert not hasattr(error, "__notes__")


def test_19_an_error_that_is_raised_again_never_leads_to_itself(form: Form, clock: ManualClock) -> None:
    error = OSError()

    assert raised_by(form, exhausted(clock), Failing(error)) is error
    assert error.__cause__ is None
    assert error.__context__ is None


def test_19_nor_one_that_is_raised_from_another_each_time(form: Form, clock: ManualClock) -> None:
    first, second = KeyError(), OSError()

    def work() -> None:
        try:
            raise first
        except KeyError as error:
            raise second from error

    assert raised_by(form, exhausted(clock), work) is second
    assert second.__cause__ is second.__context__ is first
    assert first.__cause__ is first.__context__ is None


def cyclic() -> OSError:
    error, other = OSError(), ValueError()
    error.__cause__, other.__cause__ = other, error
    return error


@pytest.mark.parametrize(
    "condition", [on.cause(KeyError), on.not_(on.cause(ValueError)), lambda error: hints.retry_after(error) is not None]
)
def test_20_a_chain_of_causes_that_comes_around_has_an_end(condition: Any, form: Form, clock: ManualClock) -> None:
    error = cyclic()

    assert raised_by(form, Policy(on=condition, clock=clock), Failing(error)) is error
    assert clock.waits == []


def buggy(value: object) -> Any:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    "options", [{"on": buggy}, {"backoff": buggy}, {"hint": buggy}, {"stop": lambda: 1 / 0}], ids=" ".join
)
def test_21_a_bug_in_a_policy_has_the_users_error_as_its_context(
    options: dict[str, Any], form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    error = OSError()

    given: dict[str, Any] = {"on": OSError, "clock": clock}

    raised = raised_by(form, Policy(**given | options), Failing(error))

    assert type(raised) is ZeroDivisionError
    assert raised.__context__ is error
    assert seen.last.outcome is Outcome.NOT_RETRYABLE


ARGUMENTS: dict[type[Exception], list[tuple[Any, ...]]] = {
    RejectedResult: [({"secret": 1},)],
    AttemptTimeout: [(2.5,)],
    Abort: [(), (KeyError("secret"),)],
}
OURS = [
    kind(*arguments)
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, Exception)
    for arguments in ARGUMENTS.get(kind, [("text",)])
]


@pytest.mark.parametrize("error", OURS, ids=repr)
def test_22_an_error_of_ours_is_pickled_noted_and_passed_on(error: Exception) -> None:
    error = copy.deepcopy(error)
    error.add_note("a note")

    @contextlib.contextmanager
    def passing() -> Iterator[None]:
        yield

    with pytest.raises(type(error)) as raised, passing():
        raise error

    assert raised.value is error
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        twin = pickle.loads(pickle.dumps(error, protocol))
        assert (type(twin), str(twin), repr(vars(twin))) == (type(error), str(error), repr(vars(error)))
        assert twin.__notes__ == ["a note"]


def test_22_that_is_all_of_them() -> None:
    public = [getattr(retold, name) for name in retold.__all__]

    assert {type(error) for error in OURS} == {
        kind for kind in public if isinstance(kind, type) and issubclass(kind, Exception)
    }

"""Errors and warnings of Retold's own: they travel, and they tell no secrets."""

import contextlib
import copy
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

import retold
from retold import (
    Abort,
    BlockingWarning,
    NestedRetryWarning,
    PolicyError,
    RejectedResult,
    RetoldError,
    RetryAgain,
    UsageError,
)
from retold.errors import RetoldWarning, SettingsError

ERRORS = [
    RetoldError("text"),
    PolicyError("text"),
    SettingsError("text"),
    UsageError("text"),
    RejectedResult({"secret": 1}),
    Abort(),
    Abort(KeyError("secret")),
    RetryAgain(),
    RetryAgain("text"),
    BlockingWarning("text"),
    NestedRetryWarning("text"),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_every_error_can_be_pickled_and_copied_with_its_notes(error: Exception) -> None:
    original = copy.deepcopy(error)
    original.add_note("a note")

    for twin in (copy.copy(original), pickle.loads(pickle.dumps(original))):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert repr(twin.__dict__) == repr(original.__dict__)
        assert twin.__notes__ == ["a note"]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_every_error_passes_through_a_context_manager(error: Exception) -> None:
    @contextlib.contextmanager
    def passing() -> Iterator[None]:
        yield

    with pytest.raises(type(error)) as caught, passing():
        raise error

    assert caught.value is error


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_every_error_names_itself_as_it_is_imported(error: Exception) -> None:
    kind = type(error)

    assert f"{kind.__module__}.{kind.__qualname__}" == f"retold.{kind.__name__}"
    assert getattr(retold, kind.__name__) is kind


def test_errors_are_also_what_callers_expect() -> None:
    assert issubclass(PolicyError, ValueError)
    assert issubclass(SettingsError, ValueError)
    assert issubclass(UsageError, RuntimeError)
    assert issubclass(BlockingWarning, RetoldWarning)
    assert issubclass(NestedRetryWarning, RetoldWarning)
    assert issubclass(BlockingWarning, RuntimeWarning)
    assert {kind for kind in map(type, ERRORS) if not issubclass(kind, RetoldError)} == {
        BlockingWarning,
        NestedRetryWarning,
    }


def test_a_rejected_result_is_on_the_error_and_not_in_its_text() -> None:
    error = RejectedResult("secret")

    assert error.result == "secret"
    assert "secret" not in f"{error} {error!r}"


def test_abort_carries_an_error_that_its_text_does_not_tell() -> None:
    error = KeyError("secret")

    assert Abort(error).error is error
    assert Abort().error is None
    assert str(Abort(error)) == str(Abort()) == "the call was aborted"


@pytest.mark.parametrize("value", ["no reason", KeyError, 5])
def test_abort_refuses_to_carry_what_cannot_be_raised(value: Any) -> None:
    with pytest.raises(TypeError, match="Abort carries an exception, not "):
        Abort(value)

"""The line that a failed call leaves on its exception."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from retold import Outcome
from retold.core.rules import Rules
from retold.runners.notes import not_followed, note


def test_it_says_what_became_of_which_operation() -> None:
    error = OSError()

    note(error, "shop.pay", Outcome.DEADLINE_EXCEEDED, 4, 1234.56789)

    assert error.__notes__ == ["retold: shop.pay: deadline_exceeded after 4 attempts and 1234.57 s of waiting"]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.HINT_REFUSED, "the server asked for 3600 s, hint_cap is 60 s"),
        (Outcome.DEADLINE_EXCEEDED, "the server asked for 3600 s, timeout is 30 s"),
        (Outcome.ABORTED, "the server asked for 3600 s"),
    ],
)
def test_it_says_what_the_server_asked_for_in_vain(outcome: Outcome, said: str) -> None:
    error = OSError()

    note(error, "shop.pay", outcome, 1, 0.0, not_followed(3600.0, outcome, Rules(on=OSError, timeout=30)))

    assert error.__notes__ == [f"retold: shop.pay: {outcome} after 1 attempt: {said}"]


def test_operations_whose_names_begin_alike_keep_a_note_each() -> None:
    error = OSError()

    for operation in ("shop", "shop.pay", "shop:pay", "shop"):
        note(error, operation, Outcome.ATTEMPTS_EXHAUSTED, 1, 0.0)

    assert [line.split()[1] for line in error.__notes__] == ["shop.pay:", "shop:pay:", "shop:"]


def test_an_exception_shared_by_threads_has_one_note_of_an_operation() -> None:
    error = OSError()
    together = Barrier(8)

    def fail() -> None:
        together.wait()
        for _ in range(200):
            note(error, "shop.pay", Outcome.ATTEMPTS_EXHAUSTED, 3, 0.0)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(fail) for _ in range(8)]:
            done.result()

    assert len(error.__notes__) == 1


@pytest.mark.parametrize("notes", [5, None, "text"])
def test_notes_that_are_no_list_are_left_alone(notes: object) -> None:
    error = OSError()
    error.__notes__ = notes  # type: ignore[assignment] # what nobody should do

    note(error, "shop.pay", Outcome.ATTEMPTS_EXHAUSTED, 3, 0.0)

    assert error.__notes__ is notes


def test_a_note_that_is_no_text_is_kept() -> None:
    error = OSError()
    notes: list[object] = [5]
    error.__notes__ = notes  # type: ignore[assignment] # what nobody should do

    note(error, "shop.pay", Outcome.ATTEMPTS_EXHAUSTED, 3, 0.0)

    assert [type(each) for each in error.__notes__] == [int, str]


def test_an_exception_that_takes_notes_in_its_own_way_gets_none() -> None:
    class Refusing(Exception):
        def add_note(self, note: str, /) -> None:
            raise AssertionError

    error = Refusing()

    note(error, "shop.pay", Outcome.ATTEMPTS_EXHAUSTED, 3, 0.0)

    assert not hasattr(error, "__notes__")

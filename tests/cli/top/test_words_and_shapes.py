"""Numbers as words and as shapes."""

import pytest

from retold.cli.top import words
from retold.cli.top.flow import Ended
from retold.cli.top.shapes import binned, chart, digits


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (None, "-"),
        (1.0, "100%"),
        (0.99999, "99.9%"),  # not all of it
        (0.582, "58.2%"),
        (0.00001, "0.1%"),  # not nothing
        (0.0, "0%"),
    ],
)
def test_a_share_is_all_or_nothing_only_if_it_is(share: float | None, said: str) -> None:
    assert words.percent(share) == said


def test_numbers_have_as_many_digits_as_say_something() -> None:
    assert [words.rate(number) for number in (0.04, 3.25, 99.9, 1234.5)] == ["0.0", "3.2", "99.9", "1234"]
    assert [words.times(number) for number in (None, 1.0, 2.345)] == ["-", "x1.00", "x2.35"]
    assert [words.seconds(length) for length in (None, 0.0421, 2.04, 312.0)] == ["-", "42 ms", "2.0 s", "312 s"]
    assert [words.count(number) for number in (0, 9999, 12_345, 2.5e6, 3e9)] == ["0", "9999", "12.3k", "2.5M", "3.0G"]


def test_a_type_of_error_keeps_its_class_and_the_module_in_which_it_is() -> None:
    assert words.error("shop.clients.bank.payments.RefusedError") == "payments.RefusedError"
    assert words.error("httpx.ReadTimeout") == "httpx.ReadTimeout"
    assert words.error("OSError") == "OSError"


def test_digits_are_three_rows_high() -> None:
    assert digits("58.2%") == [
        "█▀▀ █▀█   ▀▀█ ██ ▄▀",
        "▀▀█ █▀█   █▀▀  ▄▀▄▄",
        "▀▀▀ ▀▀▀ ▀ ▀▀▀ ▀  ▀▀",
    ]
    assert digits("-") == ["   ", "▀▀▀", "   "]
    assert {len(row) for row in digits("0123456789.%-")} == {10 * 4 + 2 + 6 + 3}


def test_columns_are_as_high_as_shares() -> None:
    [row] = chart([1.0, 0.5, 0.1, 0.0, None], 7, 1)

    assert row.plain == "··█▄▁▁·"
    assert [line.plain for line in chart([1.0, 0.5, 0.25, None], 4, 2)] == ["█   ", "██▄·"]


def test_columns_have_the_colour_of_their_share() -> None:
    [row] = chart([1.0, 0.95, 0.5, None], 4, 1)

    assert [str(span.style) for span in row.spans] == ["green", "yellow", "red", "dim"]


def test_moments_stay_with_their_neighbours_as_time_goes_on() -> None:
    past = [Ended(number, number) for number in range(100)]

    # Sixty moments in twenty columns are three to a column, and the last of them grows until it is full.
    assert [each.calls for each in binned(past[:60], 60, 20, 60)][-2:] == [54 + 55 + 56, 57 + 58 + 59]
    assert [each.calls for each in binned(past[:61], 61, 20, 60)][-2:] == [57 + 58 + 59, 60]
    assert [each.calls for each in binned(past[1:62], 62, 20, 60)][-2:] == [57 + 58 + 59, 60 + 61]


def test_a_screen_that_is_wider_than_a_minute_shows_more_of_it() -> None:
    past = [Ended(1, 1)] * 100

    assert len(binned(past, 100, 80, 60)) == 80
    assert binned(past, 100, 0, 60) == []

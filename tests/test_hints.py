"""What servers say about when to come back, in all its spellings, and whatever they send instead."""

import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from retold import RetryAgain
from retold.hints import from_headers, parse_reset, parse_retry_after, retry_after

NOW = datetime(2026, 11, 22, 10, 30, 0, tzinfo=UTC).timestamp()
DATE_FORMS = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y")
INSTANTS = st.datetimes(datetime(1977, 1, 1), datetime(2075, 12, 31)).map(
    lambda instant: instant.replace(microsecond=0)
)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120\t", 120),
        ("007", 7),
        ("1.5", 1.5),
        (b"30", 30),
        (30, 30),
        (1_800_000_000, 1_800_000_000),  # seconds, whatever they come to
        ("Sun, 22 Nov 2026 10:30:07 GMT", 7),
        ("Sunday, 22-Nov-26 10:30:07 GMT", 7),
        ("Sun Nov 22 10:30:07 2026", 7),
        ("Thu Dec  3 10:30:00 2026", 11 * 86400),
        ("Thu, 03 Dec 2026 10:30:00 GMT", 11 * 86400),
        ("sun, 22 nov 2026 10:30:07 utc", 7),
        ("22 Nov 2026 10:30:07 GMT", 7),
        ("  Sun, 22 Nov 2026 10:30:07 GMT  ", 7),
        ("Sun, 22 Nov 2026 10:29:00 GMT", 0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0),
        ("Sun Nov  6 08:49:37 1994", 0),
        ("Thu, 31 Dec 2026 23:59:60 GMT", datetime(2027, 1, 1, tzinfo=UTC).timestamp() - NOW),
        # Two digits are of the year that is at most 50 years ahead.
        ("Sunday, 22-Nov-76 10:30:00 GMT", datetime(2076, 11, 22, 10, 30, tzinfo=UTC).timestamp() - NOW),
        ("Tuesday, 22-Nov-77 10:30:00 GMT", 0),
    ],
)
def test_reads_every_form_of_retry_after(value: object, seconds: float) -> None:
    assert parse_retry_after(value, now=NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "soon",
        "-1",
        "+1",
        "1,5",
        "1e3",
        "5 s",
        "5, 5",
        "nan",
        "inf",
        "٣",
        "9" * 500,
        "Sun, 22 Nov 2026",
        "Sun, 31 Feb 2026 10:30:00 GMT",
        "Sun, 22 Foo 2026 10:30:00 GMT",
        "Sun, 22 Nov 2026 25:30:00 GMT",
        "Sun, 22 Nov 2026 10:30:61 GMT",
        "Sun, 22 Nov 0000 10:30:00 GMT",
        "Sun, 22 Nov 2026 10:30:00 CET",
        "Sun, 22 Nov 2026 10:30:00 +0200",
        None,
        True,
        -5,
        math.nan,
        10**400,
        10**30,
        ["5"],
        b"\xff",
    ],
    ids=lambda value: repr(value)[:30] if not isinstance(value, int) else str(value < 10**6),
)
def test_what_is_no_retry_after_is_none(value: object) -> None:
    assert parse_retry_after(value, now=NOW) is None


@given(INSTANTS, INSTANTS, st.sampled_from(DATE_FORMS))
def test_a_date_is_the_seconds_until_then(then: datetime, now: datetime, form: str) -> None:
    assume("%Y" in form or abs(then.year - now.year) < 50)  # else two digits are of another century
    until = (then - now).total_seconds()

    seconds = parse_retry_after(then.strftime(form), now=now.replace(tzinfo=UTC).timestamp())

    assert seconds == max(until, 0.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        ("0", 0),
        ("12.5", 12.5),
        (str(int(NOW) + 40), 40),
        (str(int(NOW) - 40), 0),
        (f"{NOW + 40.5:.1f}", 40.5),
        (str(int(NOW) * 1000 + 1500), 1.5),
        ("1s", 1),
        ("6m0s", 360),
        ("1h2m3.5s", 3723.5),
        ("20ms", 0.02),
        ("1m500ms", 60.5),
        ("8.64S", 8.64),
        ("2d", 172800),
        ("2026-11-22T10:30:09Z", 9),
        ("2026-11-22T11:30:09+01:00", 9),
        ("2026-11-22t10:29:00z", 0),
        ("Sun, 22 Nov 2026 10:30:07 GMT", 7),
    ],
)
def test_reads_every_spelling_of_a_reset(value: object, seconds: float) -> None:
    assert parse_reset(value, now=NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value",
    ["", "s", "1x", "m5", "1h 2m", "-1s", "1.s", "2026-11-22T10:30:09", "9999-99-99T00:00:00Z", "1" * 15, None],
)
def test_what_is_no_reset_is_none(value: object) -> None:
    assert parse_reset(value, now=NOW) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        (None, None),
        (5, None),
        ({"Content-Type": "text/html", "Retry-After": "5"}, 5),
        ({"RETRY-AFTER": "5"}, 5),
        ([(b"retry-after", b"5")], 5),
        ([("Retry-After", "5"), ("Retry-After", "7")], 5),
        ([("Retry-After", "5"), "broken"], 5),
        ({"retry-after-ms": "1500", "retry-after": "2", "x-ratelimit-reset": "60"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "2", "x-ratelimit-reset": "60"}, 2),
        ({"retry-after": "soon", "x-ratelimit-reset": "60"}, 60),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, 360),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "soon"}, 1),
        ({"X-RateLimit-Reset": str(int(NOW) + 60)}, 60),
        ({"X-RateLimit-Reset": str(int(NOW) + 60), "X-RateLimit-Remaining": "0"}, 60),
        ({"X-RateLimit-Reset": str(int(NOW) + 60), "X-RateLimit-Remaining": "4999"}, None),
        ({"x-rate-limit-reset": "9", "x-rate-limit-remaining": "0"}, 9),
        ({"RateLimit-Reset": "9", "RateLimit-Remaining": "many"}, 9),
        ({"x-ratelimit-reset-after": "9", "x-ratelimit-remaining": "3"}, None),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "100",
            },
            1,
        ),
    ],
)
def test_the_first_header_that_can_be_read_wins(headers: Any, seconds: float | None) -> None:
    assert from_headers(headers, now=NOW) == seconds


class Unfriendly:
    """Raises whatever one looks at."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError


ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.text(),
    st.binary(),
    st.floats(),
    st.integers(),
    st.none(),
    st.from_regex(r"[0-9A-Za-z,:. -]{0,40}", fullmatch=True),
    st.from_regex(r"[A-Za-z]{3}, [0-9]{2} (Nov|Foo) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT", fullmatch=True),
    st.from_regex(r"([0-9]{1,30}(\.[0-9]+)?(ms|s|m|h|d)){1,3}", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{0,12}(Z|[+-][0-9]{2}:[0-9]{2})", fullmatch=True),
    st.builds(Unfriendly),
    st.builds(object),
    st.lists(st.text()),
)


def is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


NAMES = st.sampled_from(["Retry-After", "retry-after-ms", "x-ratelimit-reset", "x-ratelimit-remaining"]) | ANYTHING
HEADERS = st.lists(st.tuples(NAMES, ANYTHING)) | st.dictionaries(st.text() | NAMES.filter(is_hashable), ANYTHING)


@given(ANYTHING)
def test_no_value_whatever_raises(value: Any) -> None:
    for seconds in (parse_retry_after(value, now=NOW), parse_reset(value, now=NOW)):
        assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


@given(HEADERS | ANYTHING)
def test_no_exception_or_result_whatever_raises(headers: Any) -> None:
    for failure in (headers, SimpleNamespace(headers=headers), SimpleNamespace(response=headers)):
        seconds = retry_after(failure)
        assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


def test_the_wall_clock_is_read_unless_it_is_given() -> None:
    ahead = format_datetime(datetime.fromtimestamp(time.time() + 500, UTC), usegmt=True)

    for seconds in (parse_retry_after(ahead), parse_reset(ahead), from_headers({"Retry-After": ahead})):
        assert seconds is not None
        assert 400 < seconds <= 500


class Answered(Exception):
    """What a client library raises."""

    def __init__(self, headers: Any = None) -> None:
        super().__init__()
        self.headers = headers


def test_what_an_exception_was_raised_from_is_asked_too() -> None:
    again, wrapped, answered = RetryAgain(), Answered(), Answered({"Retry-After": "3"})
    again.__cause__, wrapped.__cause__ = wrapped, answered
    assert retry_after(again) == 3

    answered.headers = None
    answered.__cause__ = again  # around in a circle

    assert retry_after(again) is None
    answered.__cause__ = None


def test_headers_of_the_response_come_before_those_of_the_exception() -> None:
    both = SimpleNamespace(response=SimpleNamespace(headers={"Retry-After": "1"}), headers={"Retry-After": "2"})
    second = SimpleNamespace(response=None, headers={"Retry-After": "2"})

    assert (retry_after(both), retry_after(second)) == (1, 2)

"""What servers say about when to come back, as ready-made advice for the option `hint`.

    @retold.retry(on=httpx.HTTPStatusError, hint=retold.hints.retry_after)

Whatever a server says, nothing here raises: what cannot be read counts as nothing said.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from retold.core.checks import usable_number

__all__ = ["from_headers", "parse_reset", "parse_retry_after", "retry_after"]

Headers: TypeAlias = Mapping[Any, Any] | Iterable[tuple[Any, Any]]

_LONGEST: Final = 100
"""Characters: nothing that can be read is longer."""

_EPOCH: Final = 1e9
_EPOCH_MS: Final = 1e11
_NO_TIME: Final = 1e14
"""What a bare number means: below, seconds to wait; then seconds since 1970, then milliseconds; beyond, nothing.

As a wait the first would be 31 years long, as seconds since 1970 the second would be in the year 5138.
"""

_NUMBER: Final = r"[0-9]+(?:\.[0-9]+)?"
_DURATION: Final = re.compile(rf"({_NUMBER})(ms|[smhd])")
_DURATIONS: Final = re.compile(rf"(?:{_NUMBER}(?:ms|[smhd]))+")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME: Final = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_DATES: Final = (
    # Sun, 06 Nov 1994 08:49:37 GMT; and in the obsolete form, Sunday, 06-Nov-94 08:49:37 GMT
    re.compile(
        rf"(?:[a-z]+, *)?(?P<day>[0-9]{{1,2}})[ -](?P<month>[a-z]{{3}})[ -](?P<year>[0-9]{{4}}|[0-9]{{2}}) +{_TIME}"
        r" *(?:gmt|utc|z|[+-]0000)"
    ),
    # As C writes it: Sun Nov  6 08:49:37 1994
    re.compile(rf"[a-z]{{3}} +(?P<month>[a-z]{{3}}) +(?P<day>[0-9]{{1,2}}) +{_TIME} +(?P<year>[0-9]{{4}})"),
)

_RESETS: Final = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")


def retry_after(failure: object, /) -> float | None:
    """Seconds that a server asked to wait, for the option `hint`; None if it did not.

    It looks for headers where HTTP clients leave them, in `failure.response.headers` and then in `failure.headers`:
    of the exceptions of httpx, requests, aiohttp and urllib, and of the responses that `on_result` rejects. Where an
    exception has none, it looks at what that was raised `from`, as in `raise RetryAgain() from error`.

    `from_headers` says which header wins. Dates are set off against the machine's wall clock, once.
    """
    now = time.time()
    for holder in _holders(failure):
        advice = from_headers(_attribute(holder, "headers"), now=now)
        if advice is not None:
            return advice
    return None


def from_headers(headers: Headers | None, *, now: float | None = None) -> float | None:
    """Seconds that a response's headers ask to wait; None if they do not.

    The first of these that can be read wins:

    1. `retry-after-ms`, in milliseconds;
    2. `Retry-After`, as `parse_retry_after` reads it;
    3. `x-ratelimit-reset`, also `x-ratelimit-reset-requests` and the like, `x-rate-limit-reset` and `ratelimit-reset`,
       as `parse_reset` reads them: the longest, for every limit has to be over. Servers send these with every
       response, so one counts only where nothing is left: not if its `x-ratelimit-remaining` is above 0.

    Args:
        headers: A mapping or pairs; upper and lower case are the same.
        now: Seconds since 1970, against which dates are set off; the wall clock's unless given.
    """
    if now is None:
        now = time.time()
    found = _lowered(headers)
    advice = _milliseconds(found.get("retry-after-ms"))
    if advice is None:
        advice = parse_retry_after(found.get("retry-after"), now=now)
    if advice is None:
        advice = max(_resets(found, now), default=None)
    return advice


def parse_retry_after(value: object, *, now: float | None = None) -> float | None:
    """The seconds that a `Retry-After` asks to wait; None if it cannot be read.

    It is a number of seconds, or a date in one of the three forms of RFC 9110, section 5.6.7. A date that is past is 0.

    Args:
        value: The header's value.
        now: Seconds since 1970, against which a date is set off; the wall clock's unless given.
    """
    return _first(_text(value), now, _seconds, _until_date)


def parse_reset(value: object, *, now: float | None = None) -> float | None:
    """The seconds until a limit is lifted, as `x-ratelimit-reset` and its like say it; None if it cannot be read.

    It is a number of seconds, or a time as seconds or milliseconds since 1970; a duration such as `6m0s`, `1h2m3.5s`
    or `20ms`; or a date as in `Retry-After` or as in RFC 3339. What is past is 0.

    Args:
        value: The header's value.
        now: Seconds since 1970, against which times are set off; the wall clock's unless given.
    """
    return _first(_text(value), now, _until_number, _duration, _until_date, _until_timestamp)


_Reader: TypeAlias = Callable[[str, float], float | None]


def _first(text: str, now: float | None, *readers: _Reader) -> float | None:
    """What the first of these can read."""
    if now is None:
        now = time.time()
    for reader in readers:
        seconds = reader(text, now)
        if seconds is not None:
            return max(seconds, 0.0)
    return None


def _seconds(text: str, now: float) -> float | None:
    return float(text) if re.fullmatch(_NUMBER, text) else None


def _milliseconds(value: object) -> float | None:
    milliseconds = _seconds(_text(value), 0.0)
    return None if milliseconds is None else milliseconds / 1000


def _until_number(text: str, now: float) -> float | None:
    number = _seconds(text, now)
    if number is None or number < _EPOCH:
        return number
    if number < _EPOCH_MS:
        return number - now
    return number / 1000 - now if number < _NO_TIME else None


def _duration(text: str, now: float) -> float | None:
    if not _DURATIONS.fullmatch(text):
        return None
    return math.fsum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))


def _until_date(text: str, now: float) -> float | None:
    for form in _DATES:
        if match := form.fullmatch(text):
            break
    else:
        return None
    year, month, day, hour, minute, second = match.group("year", "month", "day", "hour", "minute", "second")
    leap = second == "60"  # which Python's dates do not know
    try:
        date = datetime(
            int(year) if len(year) == 4 else _full_year(int(year), now),
            _MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            59 if leap else int(second),
            tzinfo=UTC,
        )
    except ValueError:  # no such month, day or time
        return None
    return date.timestamp() + leap - now


def _full_year(short: int, now: float) -> int:
    """The year with these last two digits that is nearest, and 50 years ahead at most, as RFC 9110 has it."""
    earliest = datetime.fromtimestamp(now, UTC).year - 49
    return earliest + (short - earliest) % 100


def _until_timestamp(text: str, now: float) -> float | None:
    try:
        date = datetime.fromisoformat(text.upper())
        return None if date.tzinfo is None else date.timestamp() - now
    except (ValueError, OverflowError):
        return None


def _resets(found: Mapping[str, object], now: float) -> Iterator[float]:
    for name, value in found.items():
        if not name.startswith(_RESETS):
            continue
        left = found.get(name.removesuffix("-after").replace("reset", "remaining", 1))
        if _seconds(_text(left), now):
            continue
        seconds = parse_reset(value, now=now)
        if seconds is not None:
            yield seconds


def _lowered(headers: Any) -> dict[str, object]:
    """Headers by their names in lower case, the first of each name; none if they are no headers."""
    found: dict[str, object] = {}
    try:
        pairs = headers.items() if hasattr(headers, "items") else headers
        for name, value in pairs:
            found.setdefault(_text(name), value)
    except Exception:  # noqa: BLE001 - whatever was taken for headers
        return found
    return found


def _text(value: object) -> str:
    """A name or value in lower case and without space around it; empty if it is nothing that could be read."""
    if isinstance(value, (bytes, bytearray)):
        value = value.decode("latin-1")
    elif not isinstance(value, str):
        number = usable_number(value)
        value = "" if number is None else repr(number)
    return "" if len(value) > _LONGEST else str.strip(value).lower()


def _holders(failure: object) -> Iterator[object]:
    """What may have headers: a failure, its response, and those that it was raised from, though they come around."""
    seen: set[int] = set()
    while failure is not None and id(failure) not in seen:
        seen.add(id(failure))
        yield _attribute(failure, "response")
        yield failure
        failure = _attribute(failure, "__cause__") if issubclass(type(failure), BaseException) else None


def _attribute(value: object, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001 - a property may raise whatever it likes
        return None

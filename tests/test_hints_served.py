"""What real servers say about when to come back, through real clients."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import httpx
import pytest

from retold import DelaySource, Outcome, Policy, RejectedResult
from retold.hints import retry_after
from retold.testing import ManualClock, MemoryExporter
from tests.services.http import Answer, answering


@contextmanager
def serving(status: int, *answers: dict[str, str]) -> Iterator[str]:
    """The address of a server that gives these headers in turn, and then its page."""
    waiting = list(answers)

    def answer(path: str) -> Answer:
        return Answer(status, b"paper", waiting.pop(0)) if waiting else Answer(200, b"paper")

    with answering(answer) as url:
        yield url


def by_httpx(url: str) -> bytes:
    return httpx.get(url, trust_env=False).raise_for_status().content


def by_urllib(url: str) -> bytes:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=10) as response:
            page: bytes = response.read()
            return page
    except HTTPError as error:
        error.close()  # it keeps the connection open
        raise


def in_a_minute() -> str:
    return format_datetime(datetime.fromtimestamp(time.time() + 60, UTC), usegmt=True)


@pytest.mark.parametrize("get", [by_httpx, by_urllib])
def test_what_a_real_server_asks_for_is_waited(get: Any, clock: ManualClock, seen: MemoryExporter) -> None:
    answers = [{"Retry-After": "7"}, {"retry-after-ms": "1500"}, {"X-RateLimit-Reset": "1m0s"}, {"Retry-After": "ASAP"}]
    policy = Policy(
        on=(httpx.HTTPStatusError, HTTPError), attempts=6, backoff=1, hint=retry_after, hint_cap=90, clock=clock
    )

    with serving(429, *answers) as url:
        assert policy.call(get, url) == b"paper"

    assert clock.waits == [8.0, 2.5, 61.0, 1.0]
    assert [retry.hint for retry in seen.retries] == [7.0, 1.5, 60.0, None]
    assert [retry.source for retry in seen.retries] == [*[DelaySource.HINT] * 3, DelaySource.BACKOFF]


@pytest.mark.parametrize("get", [by_httpx, by_urllib])
def test_a_date_of_a_real_server_is_waited_for_and_one_days_ahead_refused(
    get: Any, clock: ManualClock, seen: MemoryExporter
) -> None:
    days = format_datetime(datetime.fromtimestamp(time.time() + 4 * 86400, UTC), usegmt=True)
    policy = Policy(on=(httpx.HTTPStatusError, HTTPError), backoff=0, hint=retry_after, hint_cap=3600, clock=clock)

    with serving(503, {"Retry-After": in_a_minute()}, {"Retry-After": days}) as url:
        report = policy.run(get, url)

    assert report.outcome is Outcome.HINT_REFUSED
    [hint] = [retry.hint for retry in seen.retries]
    assert hint is not None
    assert 50 < hint <= 60


async def test_a_rejected_response_is_asked_too(clock: ManualClock) -> None:
    policy = Policy(
        on_result=lambda response: response.status_code == 202, attempts=2, backoff=0, hint=retry_after, clock=clock
    )

    async def poll(url: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(url)

    with serving(202, {"Retry-After": "9"}, {"Retry-After": "9"}) as url:
        with pytest.raises(RejectedResult):
            await policy.acall(poll, url)
        assert (await policy.acall(poll, url)).content == b"paper"

    assert clock.waits == [9.0]

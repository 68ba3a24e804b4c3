"""The limits of the language model: what flows in, a second, and no more."""

import pytest

from retold.cli.demo.worlds.llm.buckets import Bucket, Limits
from retold.testing import ManualClock


def test_a_bucket_gives_what_is_there_and_fills_up_to_its_limit() -> None:
    clock = ManualClock()
    bucket = Bucket(4.0, clock.now)

    for _ in range(4):
        assert bucket.seconds_until(1) == 0.0
        bucket.take(1)
    assert bucket.remaining == 0.0
    assert bucket.seconds_until(1) == pytest.approx(0.25)
    clock.advance(0.25)
    assert bucket.seconds_until(1) == pytest.approx(0.0)
    clock.advance(3600)
    assert bucket.remaining == bucket.limit == 4.0


def test_more_than_the_limit_waits_for_a_full_bucket_alone() -> None:
    bucket = Bucket(0.5, ManualClock().now)

    assert bucket.seconds_until(100) == 0.0
    bucket.take(100)

    assert bucket.remaining == 0.0
    assert bucket.seconds_until(100) == pytest.approx(2.0)


def test_a_request_gets_both_its_shares_or_nothing() -> None:
    clock = ManualClock()
    limits = Limits(10.0, 20.0, clock.now)

    assert limits.admit(15) == 0.0
    assert limits.admit(15) == pytest.approx(0.5)
    assert limits.admit(5) == 0.0

    assert limits.headers() == [
        "x-ratelimit-limit-requests: 10",
        "x-ratelimit-remaining-requests: 8",
        "x-ratelimit-reset-requests: 200ms",
        "x-ratelimit-limit-tokens: 20",
        "x-ratelimit-remaining-tokens: 0",
        "x-ratelimit-reset-tokens: 1000ms",
    ]

"""The limits of an API that sells tokens: so many requests and so many tokens a second, and a little at once."""

from __future__ import annotations

from collections.abc import Callable


class Bucket:
    """Fills steadily up to what one second brings; what is taken has to be there.

    Args:
        rate: How much flows in, a second; at least 1.
        now: Where time comes from.
    """

    def __init__(self, rate: float, now: Callable[[], float]) -> None:
        self.limit = max(rate, 1.0)
        self._rate = rate
        self._level = self.limit
        self._now = now
        self._seen = now()

    @property
    def remaining(self) -> float:
        """What is there now."""
        now = self._now()
        self._level = min(self.limit, self._level + (now - self._seen) * self._rate)
        self._seen = now
        return self._level

    def seconds_until(self, amount: float) -> float:
        """Seconds until so much is there; what is more than the limit counts as the limit."""
        return max(0.0, min(amount, self.limit) - self.remaining) / self._rate

    def take(self, amount: float) -> None:
        """Take so much; to be called when it is there."""
        self._level = self.remaining - min(amount, self.limit)


class Limits:
    """Both buckets of one customer: a request needs its share of each, or it gets none of either."""

    def __init__(self, requests: float, tokens: float, now: Callable[[], float]) -> None:
        self._buckets = {"requests": Bucket(requests, now), "tokens": Bucket(tokens, now)}

    def admit(self, tokens: int) -> float:
        """Seconds until a request of so many tokens could be admitted; 0.0 if it has been."""
        wanted = {"requests": 1, "tokens": tokens}
        wait = max(bucket.seconds_until(wanted[name]) for name, bucket in self._buckets.items())
        if not wait:
            for name, bucket in self._buckets.items():
                bucket.take(wanted[name])
        return wait

    def headers(self) -> list[str]:
        """What is left of each, and how long until it is full again."""
        lines = []
        for name, bucket in self._buckets.items():
            lines += [
                f"x-ratelimit-limit-{name}: {bucket.limit:.0f}",
                f"x-ratelimit-remaining-{name}: {int(bucket.remaining)}",
                f"x-ratelimit-reset-{name}: {bucket.seconds_until(bucket.limit) * 1000:.0f}ms",
            ]
        return lines

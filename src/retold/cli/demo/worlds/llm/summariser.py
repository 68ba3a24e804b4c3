"""What asks the language model: one job, under a policy for an API that sells tokens."""

from __future__ import annotations

import httpx

import retold
from retold.cli.demo.clock import CLOCK
from retold.cli.demo.worlds.spans import checked, request_span

ATTEMPT_TIMEOUT = 1.0
"""Seconds that an answer may take, all of it."""

OPERATION = "papers.summarise"


def is_transient(error: Exception) -> bool:
    """Whether another attempt may help: no answer came, or the API is at a limit, its own or ours."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in (429, 529)
    return isinstance(error, (httpx.TransportError, retold.AttemptTimeout))


summarising = retold.Policy(
    on=is_transient,
    hint=retold.hints.retry_after,
    attempts=7,
    timeout=6,
    attempt_timeout=ATTEMPT_TIMEOUT,  # an answer that stops half-way has begun in time, so no read timeout sees it soon
    backoff=retold.Exponential(0.1, cap=1),
    operation=OPERATION,
    clock=CLOCK,
)


class Summariser:
    """Has papers summarised by the language model at `url`."""

    def __init__(self, url: str) -> None:
        limits = httpx.Limits(max_connections=None)
        # The policy has the one timeout that counts. The proxies that the environment names are not for this machine.
        self._client = httpx.AsyncClient(base_url=url, timeout=None, limits=limits, trust_env=False)

    @summarising
    async def summarise(self, text: str) -> str:
        with request_span("POST") as span:
            response = checked(span, await self._client.post("/summaries", json={"text": text}))
            return str(response.json()["summary"])

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

"""What asks the upstream: four jobs of a paper-reading site's crawler, one for each form of a policy."""

from __future__ import annotations

import httpx

import retold
from retold.cli.demo.clock import CLOCK
from retold.cli.demo.worlds.spans import checked, request_span

READ_TIMEOUT = 0.5
"""Seconds that the upstream may take to answer; a stalled one takes longer."""

# A request must fail only where the upstream has counted it: connecting may take long, and no pool is ever full.
_TIMEOUT = httpx.Timeout(READ_TIMEOUT, connect=10.0, pool=None)
_LIMITS = httpx.Limits(max_connections=None)


def is_transient(error: Exception) -> bool:
    """Whether another attempt may help: the connection failed, or the upstream asks for patience."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in (429, 503)
    return isinstance(error, httpx.TransportError)


crawling = retold.Policy(
    on=is_transient,
    hint=retold.hints.retry_after,
    attempts=7,
    timeout=8,
    backoff=retold.Exponential(0.05, cap=1),
    clock=CLOCK,
)
indexing = crawling.replace(operation="index.update")
looking_up = retold.Policy(
    on=is_transient,
    attempts=7,
    timeout=4,
    backoff=[0.05, 0.1, 0.2, 0.4],
    fallback=None,  # a page without its citations is better than no page
    operation="citations.find",
    clock=CLOCK,
)

ROUTES = {
    "papers.fetch": "papers",
    "pdfs.download": "pdfs",
    "index.update": "index",
    "citations.find": "citations",
}
"""The upstream's route for each operation."""


class Crawler:
    """Reads papers from the upstream at `url`."""

    def __init__(self, url: str) -> None:
        # The proxies that the environment names are not for this machine.
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT, limits=_LIMITS, trust_env=False)
        self._async_client = httpx.AsyncClient(base_url=url, timeout=_TIMEOUT, limits=_LIMITS, trust_env=False)

    @crawling.replace(operation="papers.fetch")
    async def fetch_paper(self, number: int) -> str:
        """A decorated async function."""
        return await self._get(f"/papers/{number}")

    @crawling.replace(operation="pdfs.download")
    def download_pdf(self, number: int) -> bytes:
        """A decorated sync function, for a thread."""
        with request_span("GET") as span:
            return checked(span, self._client.get(f"/pdfs/{number}")).content

    async def update_index(self, number: int) -> None:
        """A block."""
        async for attempt in indexing:
            with attempt:
                await self._get(f"/index/{number}")

    async def find_citations(self, number: int) -> str | None:
        """A call through a policy, with a fallback."""
        return await looking_up.acall(self._get, f"/citations/{number}")

    async def close(self) -> None:
        """Close all connections."""
        self._client.close()
        await self._async_client.aclose()

    async def _get(self, path: str) -> str:
        with request_span("GET") as span:
            return checked(span, await self._async_client.get(path)).text

"""What the demo calls: four jobs of a paper-reading site's crawler, one for each form of a policy."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import httpx
from opentelemetry.trace import Span, SpanKind, StatusCode, get_tracer

import retold
from retold.telemetry import error_type

READ_TIMEOUT = 0.5
"""Seconds that the upstream may take to answer; a stalled one takes longer."""

# A request must fail only where the upstream has counted it: connecting may take long, and no pool is ever full.
_TIMEOUT = httpx.Timeout(READ_TIMEOUT, connect=10.0, pool=None)
_LIMITS = httpx.Limits(max_connections=None)

_tracer = get_tracer("retold.demo")


class Stopped(BaseException):
    """The demo ends, and every wait with it. No `Exception`, for nothing may retry it."""


class StoppableClock:
    """The machine's clock, on which every wait can be ended at once."""

    now = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._stopped_async = asyncio.Event()

    def stop(self) -> None:
        """End all waits with `Stopped`, now and from now on. For the event loop's thread."""
        self._stopped.set()
        self._stopped_async.set()

    def sleep(self, seconds: float, /) -> None:
        if self._stopped.wait(seconds):
            raise Stopped

    async def asleep(self, seconds: float, /) -> None:
        try:
            await asyncio.wait_for(self._stopped_async.wait(), seconds)
        except TimeoutError:
            return
        raise Stopped


CLOCK = StoppableClock()


def is_transient(error: Exception) -> bool:
    """Whether another attempt may help: the connection failed, or the upstream asks for patience."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in (429, 503)
    return isinstance(error, httpx.TransportError)


crawling = retold.Policy(
    on=is_transient,
    hint=retold.hints.retry_after,
    attempts=4,
    timeout=3,
    backoff=retold.Exponential(0.05, cap=1),
    clock=CLOCK,
)
indexing = crawling.replace(operation="index.update", attempts=3)
looking_up = retold.Policy(
    on=is_transient,
    attempts=3,
    timeout=2,
    backoff=[0.05, 0.2],
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
        with _request_span() as span:
            return _checked(span, self._client.get(f"/pdfs/{number}")).content

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
        with _request_span() as span:
            return _checked(span, await self._async_client.get(path)).text


def _checked(span: Span, response: httpx.Response) -> httpx.Response:
    span.set_attribute("http.response.status_code", response.status_code)
    return response.raise_for_status()


@contextmanager
def _request_span() -> Generator[Span, None, None]:
    """The span of one HTTP request, as an instrumented client makes it: it nests under the current attempt."""
    attributes = {"http.request.method": "GET"}
    with _tracer.start_as_current_span(
        "GET", kind=SpanKind.CLIENT, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except Exception as error:
            span.set_attribute("error.type", error_type(error))
            span.set_status(StatusCode.ERROR)
            raise

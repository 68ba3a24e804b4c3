"""The span of one HTTP request, as an instrumented client makes it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import httpx
from opentelemetry.trace import Span, SpanKind, StatusCode, get_tracer

from retold.telemetry import error_type

_tracer = get_tracer("retold.demo")


@contextmanager
def request_span(method: str) -> Generator[Span, None, None]:
    """It nests under the current attempt."""
    attributes = {"http.request.method": method}
    with _tracer.start_as_current_span(
        method, kind=SpanKind.CLIENT, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except Exception as error:
            span.set_attribute("error.type", error_type(error))
            span.set_status(StatusCode.ERROR)
            raise


def checked(span: Span, response: httpx.Response) -> httpx.Response:
    """The response, if it is a success; its status is on the span."""
    span.set_attribute("http.response.status_code", response.status_code)
    return response.raise_for_status()

"""Sends an empty export to an OTLP endpoint, as an exporter would: in protobuf, an empty message is no bytes at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import unquote, urlsplit
from urllib.request import build_opener

from retold.cli.doctor.findings import Finding, note, ok, problem
from retold.cli.doctor.options import GRPC, HTTP, shown
from retold.cli.doctor.reach import Unreachable, ask, connect

PROTOCOL_VARIABLE = "OTEL_EXPORTER_OTLP_PROTOCOL"
ENDPOINT_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"

_GRPC_PORT = 4317
_SERVICES = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
_EMPTY = b""


def probe(url: str, protocol: str | None, timeout: float) -> Iterator[Finding]:
    """What an OTLP endpoint says to an export of nothing, for each signal."""
    subject = f"otlp {shown(url)}"
    parts = urlsplit(url)
    protocol = protocol or os.environ.get(PROTOCOL_VARIABLE) or (GRPC if parts.port == _GRPC_PORT else HTTP)
    try:
        connect(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), timeout)
    except Unreachable as reason:
        yield problem(subject, str(reason), "start the collector, or correct the address")
        return
    if protocol == GRPC:
        yield from _over_grpc(url, subject, timeout)
    else:
        yield from _over_http(url, subject, timeout)


def _over_http(url: str, subject: str, timeout: float) -> Iterator[Finding]:
    headers = {"Content-Type": "application/x-protobuf", **_headers()}
    for signal in _SERVICES:
        target = f"{url.rstrip('/')}/v1/{signal}"
        try:
            # Exporters over HTTP go through the proxies that the environment names.
            answer = ask(target, timeout, body=_EMPTY, headers=headers, opener=build_opener())
        except Unreachable as reason:
            remedy = "check that OTLP over HTTP is spoken on this port; --protocol grpc asks the other way"
            yield problem(subject, f"{signal} over HTTP: {reason}", remedy)
            return
        if answer.status == 200:
            yield ok(subject, f"{signal} over HTTP: an empty export was accepted")
        else:
            yield problem(subject, f"{signal} over HTTP: answered {answer.status}", _remedy_for(answer.status))


def _remedy_for(status: int) -> str:
    match status:
        case 401 | 403:
            return "set OTEL_EXPORTER_OTLP_HEADERS to what the receiver wants to see"
        case 404:
            return "give the base address, without /v1/traces, of a receiver that takes this signal"
        case _:
            return "look at the receiver's log"


def _over_grpc(url: str, subject: str, timeout: float) -> Iterator[Finding]:
    try:
        import grpc  # the extra's, and slow to import
    except ImportError:
        yield note(
            subject, "a connection opens; whether OTLP is spoken was not tried", "pip install 'retold[otlp]' to try it"
        )
        return
    parts = urlsplit(url)
    target = parts.netloc.rpartition("@")[2]
    secure = parts.scheme == "https"
    channel = grpc.secure_channel(target, grpc.ssl_channel_credentials()) if secure else grpc.insecure_channel(target)
    with channel:
        for signal, service in _SERVICES.items():
            export: Any = channel.unary_unary(f"/{service}/Export")
            try:
                export(_EMPTY, timeout=timeout, metadata=tuple(_headers().items()))
            except grpc.RpcError as error:
                said = cast("grpc.Call", error).code().name
                remedy = "check that OTLP over gRPC is spoken on this port; --protocol http/protobuf asks the other way"
                yield problem(subject, f"{signal} over gRPC: answered {said}", remedy)
            else:
                yield ok(subject, f"{signal} over gRPC: an empty export was accepted")


def _headers() -> dict[str, str]:
    """The headers that exporters send, in the lower case that gRPC wants."""
    pairs = os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "").split(",")
    named = (pair.partition("=") for pair in pairs if "=" in pair)
    return {unquote(name).strip().lower(): unquote(value).strip() for name, _, value in named}

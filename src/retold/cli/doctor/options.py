"""What can be asked of `retold doctor`."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from retold.cli.parser import METRICS_URL, Parser, number, url

GRPC = "grpc"
HTTP = "http/protobuf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to look at, checked. `timeout` is in seconds and for each question asked."""

    module: str | None
    function: str | None
    fork: bool
    metrics: tuple[str, ...]
    prometheus: str | None
    otlp: str | None
    protocol: str | None
    timeout: float
    json: bool


def add_arguments(parser: Parser) -> None:
    """Add everything that can be asked."""
    add = parser.add_argument
    add(
        "--import",
        dest="module",
        metavar="MODULE[:FUNCTION]",
        help="import your application, call FUNCTION if it takes no arguments, and look at what is set up then",
    )
    add("--fork", action="store_true", help="look again in a forked child, as prefork servers have it; with --import")
    add(
        "--metrics",
        type=url(METRICS_URL),
        action="append",
        default=[],
        metavar="URL",
        help="an endpoint of your application that Prometheus scrapes, such as " + METRICS_URL,
    )
    add(
        "--prometheus",
        type=url("http://127.0.0.1:9090"),
        metavar="URL",
        help="a Prometheus server, to ask whether it has our series and scrapes --metrics",
    )
    add(
        "--otlp",
        type=url("http://127.0.0.1:4318"),
        metavar="URL",
        help="an OTLP endpoint (default: $OTEL_EXPORTER_OTLP_ENDPOINT)",
    )
    add(
        "--protocol",
        choices=(GRPC, HTTP),
        help="what the OTLP endpoint speaks (default: $OTEL_EXPORTER_OTLP_PROTOCOL, else grpc on port 4317)",
    )
    add(
        "--timeout",
        type=number("a number of seconds above 0", above=0),
        default=3.0,
        metavar="SECONDS",
        help="how long to wait for each answer (default: %(default)g)",
    )
    add("--json", action="store_true", help="print findings as JSON")


def parsed(parser: Parser, chosen: argparse.Namespace) -> Options:
    """What was asked; ends the process with one line where it makes no sense together."""
    module, _, function = (chosen.module or "").partition(":")
    if chosen.fork and not module:
        parser.error("--fork looks at an application: name it with --import")
    if chosen.fork and not hasattr(os, "fork"):
        parser.error("--fork: this system has no fork")
    if chosen.module is not None and not all(part.isidentifier() for part in module.split(".")):
        parser.error(f"--import takes MODULE or MODULE:FUNCTION, not {chosen.module}")
    return Options(
        module=module or None,
        function=function or None,
        fork=chosen.fork,
        metrics=tuple(chosen.metrics),
        prometheus=chosen.prometheus,
        otlp=chosen.otlp,
        protocol=chosen.protocol,
        timeout=chosen.timeout,
        json=chosen.json,
    )


def shown(address: str) -> str:
    """A URL as it may be shown: without a password."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

"""The command `retold doctor`: says why nothing shows."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from retold.cli.doctor import application, configured, endpoint, environment, forked, otlp, scraper
from retold.cli.doctor.findings import Finding, as_json, as_lines, is_healthy
from retold.cli.doctor.options import Options, add_arguments, parsed
from retold.cli.parser import Parser

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_DESCRIPTION = """\
Say why no telemetry shows: look at the environment, at your application, at the endpoints that you name. Nothing is
sent to them but empty exports.
"""
_STATUS = "Exit status: 0 if no problem was found, 1 if one was, 2 if it was asked wrongly."
_QUESTIONS_IN_CHILD = 10


def add_to(commands: _SubParsersAction[Parser]) -> None:
    """Add the command `doctor`."""
    parser = commands.add_parser("doctor", help="say why no telemetry shows", description=_DESCRIPTION, epilog=_STATUS)
    add_arguments(parser)
    parser.set_defaults(run=lambda chosen: _run(parser, chosen))


def _run(parser: Parser, chosen: argparse.Namespace) -> int:
    options = parsed(parser, chosen)
    findings = list(_findings(options))
    print(as_json(findings) if options.json else as_lines(findings))
    return 0 if is_healthy(findings) else 1


def _findings(options: Options) -> Iterator[Finding]:
    yield from environment.examine()
    if options.module is not None:
        yield application.load(options.module, options.function)

    def look() -> list[Finding]:
        return list(configured.examine(options.timeout, application=options.module is not None))

    found = look()
    yield from found
    if options.fork:
        yield from forked.examine(look, found, options.timeout * _QUESTIONS_IN_CHILD)
    for url in options.metrics:
        yield from endpoint.probe(url, options.timeout)
    if options.prometheus is not None:
        yield from scraper.probe(options.prometheus, options.metrics, options.timeout)
    # An application's exporters have been asked already.
    collector = options.otlp or (None if options.module else os.environ.get(otlp.ENDPOINT_VARIABLE))
    if collector:
        yield from otlp.probe(collector, options.protocol, options.timeout)

"""The command `retold demo`: its place among the commands, and what it needs before it can run."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

import retold
from retold.cli import signals
from retold.cli.demo.options import Options, add_arguments, parsed
from retold.cli.demo.pool import metrics
from retold.cli.parser import Parser

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_DESCRIPTION = """\
Take papers through real, unreliable worlds on this machine (servers, a language model's API, a database, a printer)
and watch what retries do. On a terminal this is a live view with keys that bring trouble, elsewhere a line each
second. Meanwhile /metrics is served and traces are written; tables end it. Needs no service; ends with Ctrl-C.
"""


def add_to(commands: _SubParsersAction[Parser]) -> None:
    """Add the command `demo`."""
    parser = commands.add_parser(
        "demo", help="watch retries at work in real, unreliable worlds", description=_DESCRIPTION
    )
    add_arguments(parser)
    parser.set_defaults(run=lambda chosen: _run(parser, chosen))


def _run(parser: Parser, chosen: argparse.Namespace) -> int:
    signals.end_at_once()
    try:
        return _begin(parser, parsed(parser, chosen))
    finally:
        signals.ignore()


def _begin(parser: Parser, options: Options) -> int:
    try:
        if options.workers:
            metrics.share(options.output / metrics.FOLDER)
        else:
            metrics.keep()
        # Else what the crawler decorates would choose by the environment, and warn of what is refused below.
        retold.configure(exporters=[])
        return _loaded(parser)(parser, options)
    except retold.SettingsError as error:
        parser.error(f"{options.exporters_source}: {error}")


def _loaded(parser: Parser) -> Callable[[Parser, Options], int]:
    try:
        from retold.cli.demo.run import run  # the extra's libraries, which only this command needs
    except ImportError as error:
        parser.error(f"{error.name} is not installed, which the demo needs: pip install 'retold[demo]'")
    return run

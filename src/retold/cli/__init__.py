"""The command `retold`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from retold import __version__

if TYPE_CHECKING:
    import argparse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status: 0 is well, 1 is a failure, 2 is wrong use."""
    # Ctrl-C while all this is loaded shows no traceback: it ends the process as SIGTERM does.
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        chosen = _chosen(sys.argv[1:] if arguments is None else arguments)
    finally:
        signal.signal(signal.SIGINT, handler)
    status: int = chosen.run(chosen)
    return status


def _chosen(arguments: Sequence[str]) -> argparse.Namespace:
    # Here, for the processes that the demo starts are modules of this package too, and need none of it.
    from retold.cli.dashboards import command as dashboards
    from retold.cli.demo import command as demo
    from retold.cli.doctor import command as doctor
    from retold.cli.parser import Parser
    from retold.cli.top import command as top

    parser = Parser(prog="retold", description="Retry middleware that tells what it does.")
    parser.add_argument("--version", action="version", version=f"retold {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    demo.add_to(commands)
    top.add_to(commands)
    doctor.add_to(commands)
    dashboards.add_to(commands)
    return parser.parse_args(arguments)

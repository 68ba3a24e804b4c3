"""The command `retold dashboards`: writes the boards, rules and runbooks for a platform to load."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from retold.cli.parser import Parser

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: _SubParsersAction[Parser]) -> None:
    """Add the command `dashboards`."""
    parser = commands.add_parser("dashboards", help="write dashboards for Grafana and rules for Prometheus")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    write = actions.add_parser("write", help="write all files below a folder")
    write.add_argument("folder", type=Path, metavar="DIR", help="where to; made if it is not there")
    write.set_defaults(run=_write)


def _write(chosen: argparse.Namespace) -> int:
    from retold.dashboards import files

    for path, text in files().items():
        target: Path = chosen.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(target)
    return 0

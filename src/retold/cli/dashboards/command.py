"""The command `retold dashboards`: writes the boards, rules and runbooks for a platform to load."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from retold.cli.dashboards.folder import Folder
from retold.cli.parser import Parser, number
from retold.dashboards import Options, files
from retold.errors import SettingsError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

PARTS = ("grafana", "prometheus", "runbooks")
"""The folders that can be written alone."""


def add_to(commands: _SubParsersAction[Parser]) -> None:
    """Add the command `dashboards`."""
    parser = commands.add_parser("dashboards", help="write dashboards for Grafana and rules for Prometheus")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    write = actions.add_parser(
        "write",
        help="write all files below a folder",
        description="Write Grafana's boards, Prometheus's rules and alerts, and the runbooks that they lead to.",
    )
    write.add_argument("folder", type=Path, metavar="DIR", help="where to; made if it is not there")
    write.add_argument("--only", action="append", choices=PARTS, help="write this part alone; may be given again")
    write.add_argument("--check", action="store_true", help="write nothing; fail if a file is not as it would be")
    _add_options(write)
    write.set_defaults(run=_write)


def _add_options(write: argparse.ArgumentParser) -> None:
    write.add_argument("--datasource", metavar="NAME", help="the Prometheus that boards begin with (Grafana's default)")
    write.add_argument(
        "--matcher",
        action="append",
        default=[],
        metavar="MATCHER",
        help="""a label that every series must have, as in 'cluster="eu"'; may be given again""",
    )
    write.add_argument(
        "--objective",
        type=number("a share between 0 and 1", above=0, most=1),
        metavar="SHARE",
        help="calls that shall not end in a give-up (0.999)",
    )
    write.add_argument(
        "--fallbacks-are-served",
        action="store_true",
        help="count a give-up that was served its fallback as if it had succeeded",
    )
    write.add_argument("--labels", metavar="NAMES", help="labels that rules keep (cluster,namespace,job)")
    write.add_argument("--uid-prefix", metavar="TEXT", help="what the boards' uids begin with (retold)")
    write.add_argument("--runbooks", metavar="URL", help="where the runbooks are published")
    write.add_argument("--grafana", metavar="URL", help="the Grafana that alerts link to")
    write.add_argument(
        "--time-scale",
        type=number("a number of at least 1", least=1),
        metavar="FACTOR",
        help="divides every window of the rules, for rehearsals (1)",
    )


def _write(chosen: argparse.Namespace) -> int:
    try:
        files = _files(chosen)
    except SettingsError as error:
        return _refuse(str(error), status=2)
    folder = Folder(chosen.folder)
    try:
        return _check(folder, files) if chosen.check else _write_all(folder, files)
    except OSError as error:
        return _refuse(f"{error.filename or chosen.folder}: {error.strerror or error}", status=1)


def _files(chosen: argparse.Namespace) -> dict[str, str]:
    given = {
        "datasource": chosen.datasource,
        "matchers": tuple(chosen.matcher),
        "objective": chosen.objective,
        "fallbacks_are_served": chosen.fallbacks_are_served,
        "labels": None if chosen.labels is None else tuple(filter(None, chosen.labels.split(","))),
        "uid_prefix": chosen.uid_prefix,
        "runbooks": chosen.runbooks and chosen.runbooks.rstrip("/"),
        "grafana": chosen.grafana and chosen.grafana.rstrip("/"),
        "time_scale": chosen.time_scale,
    }
    written = files(Options(**{name: value for name, value in given.items() if value is not None}))
    parts = chosen.only or PARTS
    return {path: text for path, text in written.items() if path.split("/")[0] in parts}


def _write_all(folder: Folder, files: dict[str, str]) -> int:
    stale = folder.stale(files)
    for path, text in files.items():
        if path in stale:
            folder.write(path, text)
        print(f"{'wrote' if path in stale else 'kept '} {folder.root / path}")
    print(f"{len(stale)} written, {len(files) - len(stale)} were as they should be")
    return 0


def _check(folder: Folder, files: dict[str, str]) -> int:
    stale = folder.stale(files)
    for path, why in stale.items():
        print(f"{folder.root / path} {why}", file=sys.stderr)
    if stale:
        return _refuse(f"{len(stale)} of {len(files)} files are not as they would be: leave out --check", status=1)
    print(f"all {len(files)} files are as they should be")
    return 0


def _refuse(reason: str, *, status: int) -> int:
    print(f"retold dashboards write: {reason}", file=sys.stderr)
    return status

"""What can be asked of `retold demo`."""

from __future__ import annotations

import argparse
import importlib
import os
import random
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from retold.cli.demo.incident import Incident
from retold.cli.parser import Parser, number, whole

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 9464
DEFAULT_EXPORTERS = "opentelemetry,prometheus"
WORLDS = ("http", "llm", "store", "printer")
_VARIABLE = "RETOLD_EXPORTERS"
_MOST_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of one run, checked. Durations are in seconds; `port` None means the default or a free one."""

    duration: float | None
    rate: float
    failure_rate: float
    seed: int
    worlds: tuple[str, ...]
    worlds_left_out: tuple[str, ...]
    host: str
    port: int | None
    plain: bool
    requests: bool
    incident: Incident | None
    linger: float
    output: Path
    workers: int
    exporters: tuple[str, ...]
    exporters_source: str
    prometheus: bool
    time_scale: float


def add_arguments(parser: Parser) -> None:
    """Add everything that can be asked."""
    seconds = number("a number of seconds above 0", above=0)
    at_least_0 = number("a number of seconds, 0 or more", least=0)
    add = parser.add_argument
    add("--duration", type=seconds, metavar="SECONDS", help="how long to call; until Ctrl-C unless given")
    add(
        "--rate",
        type=number("above 0 and at most 500 calls a second", above=0, most=500),
        default=20.0,
        metavar="CALLS",
        help="calls begun a second, over all operations (default: %(default)g)",
    )
    add(
        "--failure-rate",
        type=number("a share from 0 to 1", least=0, most=1),
        default=0.2,
        metavar="SHARE",
        help="share of what the worlds are asked that fails (default: %(default)g)",
    )
    add(
        "--seed",
        type=whole(f"a whole number from 0 to {_MOST_SEED}", least=0, most=_MOST_SEED),
        help="fixes the worlds' choices (default: a random one, which is printed)",
    )
    add(
        "--worlds",
        metavar="NAMES",
        help=f"what to call, comma-separated (default: {','.join(WORLDS)}): servers, a language model's API, a locked "
        "SQLite file, a printer on a serial line",
    )
    add(
        "--workers",
        type=whole("a whole number from 1 to 32", least=1, most=32),
        default=0,
        metavar="N",
        help="take papers through the worlds in this many processes more, with one /metrics for all (default: in this "
        "process)",
    )
    add(
        "--incident-at",
        type=at_least_0,
        metavar="SECONDS",
        help="when an incident begins: all worlds degrade, then are all but down, then drown in retries, a third of it "
        "each",
    )
    add("--incident-for", type=seconds, metavar="SECONDS", help="how long the incident lasts")
    add(
        "--host",
        default=DEFAULT_HOST,
        metavar="ADDRESS",
        help="the address that /metrics is served on, such as 0.0.0.0 for all of this machine's (default: %(default)s)",
    )
    add(
        "--port",
        type=whole("a port from 0 (any free one) to 65535", least=0, most=65535),
        help=f"where to serve /metrics (default: {DEFAULT_PORT}, or a free one if that is taken)",
    )
    add(
        "--linger", type=at_least_0, default=0.0, metavar="SECONDS", help="serve /metrics that long after the last call"
    )
    add("--output", type=Path, metavar="FOLDER", help="where to write the run's files (default: retold-demo/TIME)")
    add(
        "--exporters",
        metavar="NAMES",
        help=f"who is told, comma-separated, or none (default: ${_VARIABLE}, else {DEFAULT_EXPORTERS})",
    )
    add(
        "--prometheus",
        action="store_true",
        help="start the Prometheus and the Alertmanager that are on PATH, with the rules of `retold dashboards`, "
        "and print alerts as they fire",
    )
    add(
        "--time-scale",
        type=number("a number from 1 to 120", least=1, most=120),
        metavar="FACTOR",
        help="divides every window of those rules: with 10, what alerts after 15 minutes does so after 90 s (default: "
        "1)",
    )
    add(
        "--requests",
        action="store_true",
        help="have the world http write every request that it gets to requests.jsonl, to compare with what is told",
    )
    add("--plain", action="store_true", help="print lines, on a terminal too, without colours")


def parsed(parser: Parser, chosen: argparse.Namespace) -> Options:
    """What was asked; ends the process with one line where it makes no sense together."""
    at, lasts = chosen.incident_at, chosen.incident_for
    if (at is None) != (lasts is None):
        given, missing = ("--incident-at", "--incident-for") if lasts is None else ("--incident-for", "--incident-at")
        parser.error(f"{given} {at if lasts is None else lasts:g} needs {missing} too")
    if at is not None and chosen.duration is not None and at >= chosen.duration:
        parser.error(f"--incident-at {at:g} must be before the end, which --duration {chosen.duration:g} sets")
    named, source = chosen.exporters, "--exporters"
    if named is None:
        named, source = os.environ.get(_VARIABLE, "").strip() or DEFAULT_EXPORTERS, _VARIABLE
    names = tuple(name.strip() for name in named.split(",") if name.strip())
    if chosen.prometheus and "prometheus" not in names:
        parser.error(f"--prometheus needs the exporter prometheus, which {source}={named} leaves out")
    if chosen.time_scale is not None and not chosen.prometheus:
        parser.error(f"--time-scale {chosen.time_scale:g} needs --prometheus, whose rules it is about")
    worlds, left_out = _worlds(parser, chosen.worlds)
    if chosen.requests and "http" not in worlds:
        parser.error(f"--requests needs the world http, which --worlds {chosen.worlds} leaves out")
    values: dict[str, Any] = vars(chosen) | {
        "incident": None if at is None else Incident(at, lasts),
        "seed": random.SystemRandom().randrange(10**6) if chosen.seed is None else chosen.seed,
        "output": chosen.output or Path("retold-demo") / f"{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}",
        "time_scale": chosen.time_scale or 1.0,
        "worlds": worlds,
        "worlds_left_out": left_out,
        "exporters": () if names == ("none",) else names,
        "exporters_source": f"{source}={named}",
    }
    return Options(**{name: values[name] for name in Options.__dataclass_fields__})


def _worlds(parser: Parser, named: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The worlds that are chosen, in the order of their stages, and those that this machine cannot have."""
    missing = () if _has_terminals() else ("printer",)
    if named is None:
        return tuple(world for world in WORLDS if world not in missing), missing
    names = {name.strip() for name in named.split(",") if name.strip()}
    if not names or not names <= set(WORLDS):
        parser.error(f"--worlds: must be some of {', '.join(WORLDS)}, not {named}")
    if names & set(missing):
        parser.error(f"--worlds {named}: the printer needs a pseudo-terminal, which this system does not have")
    return tuple(world for world in WORLDS if world in names), ()


def _has_terminals() -> bool:
    try:
        importlib.import_module("termios")
    except ImportError:
        return False
    return True

"""Memory, imports, and what a decoration costs."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from tempfile import TemporaryDirectory

from benchmarks import floors, ours
from benchmarks.asleep import bytes_asleep
from benchmarks.contest import Contest, Row
from benchmarks.subjects import Function, returns

_ASLEEP = 10_000
_HOUR = 3600.0
_COMPILED = TemporaryDirectory(prefix="retold-compiled-")
_IMPORT = "from time import perf_counter; began = perf_counter(); import {module}; print(perf_counter() - began)"


def _asleep(contest: Contest) -> None:
    ours.silent()
    # What asyncio has made room for it keeps, so that only the first to sleep would pay for that.
    contest.runner.run(bytes_asleep(lambda function: floors.patient(function, _HOUR), _ASLEEP))
    _add_asleep(contest, "hand loop", lambda function: floors.patient_hand_loop(function, _HOUR))
    _add_asleep(contest, "floor: sleeps after except", lambda function: floors.patient(function, _HOUR))
    _add_asleep(contest, "retold", ours.plain(_HOUR))
    for peer in contest.peers():
        _add_asleep(contest, peer.name, peer.plain_async(_HOUR))


def _add_asleep(contest: Contest, name: str, decorate: Function) -> None:
    runner = contest.runner
    # What the first calls leave behind for all later ones is not part of a call.
    runner.run(bytes_asleep(decorate, 10))
    contest.add(name, lambda: round(runner.run(bytes_asleep(decorate, _ASLEEP))))  # what all share is no byte of each


def _import(contest: Contest) -> None:
    contest.need("tenacity")
    _add_import(contest, "tenacity", "tenacity")
    _add_import(contest, "retold", "retold")
    for peer in contest.peers():
        if peer.name != "tenacity":
            _add_import(contest, peer.name, peer.module)


def _add_import(contest: Contest, name: str, module: str) -> None:
    # The first import compiles, once in the life of an installation.
    _import_time(module)
    contest.add(name, partial(_import_time, module))


def _import_time(module: str) -> float:
    """Seconds of an import in an interpreter that has just started, and may find all modules compiled."""
    command = [sys.executable, "-c", _IMPORT.format(module=module)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": _COMPILED.name}
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def _decorate(contest: Contest) -> None:
    ours.silent()
    tenacity = contest.need("tenacity")
    policy = ours.plain()
    contest.time("tenacity", "decorate(f)", decorate=tenacity.plain(0.0), f=returns)
    contest.time("floor: closure", "decorate(f)", decorate=floors.closure, f=returns)
    contest.time("retold", "decorate(f)", decorate=policy, f=returns)
    for peer in contest.peers():
        if peer.name != "tenacity":
            contest.time(peer.name, "decorate(f)", decorate=peer.plain(0.0), f=returns)


ROWS = (
    Row(
        name="asleep-memory",
        what=f"memory of a call asleep in asyncio, of {_ASLEEP:,}",
        unit="hand loop",
        goal=1.0,
        enter=_asleep,
        rounds=1,
        turns=1,
        in_bytes=True,
    ),
    Row(name="import", what="import, in a new interpreter", unit="tenacity", goal=1.0, enter=_import, rounds=3),
    Row(name="decorate", what="decorate one function", unit="tenacity", goal=0.75, enter=_decorate),
)

"""One row, measured in this process and told on standard output as JSON. `python -m benchmarks` starts it."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from random import Random
from typing import Any


def main(arguments: list[str]) -> None:
    """Measure what the arguments say, which `command` wrote."""
    parser = argparse.ArgumentParser()
    parser.add_argument("row")
    parser.add_argument("rounds", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--real-sleep", action="store_true")
    options = parser.parse_args(arguments)
    if not options.real_sleep:
        # Before anything is imported that might keep a reference.
        time.sleep = _return_at_once  # type: ignore[assignment]
    print(json.dumps(_measured(options.row, options.rounds, options.seed, with_peers=not options.without_peers)))


def command(row: str, rounds: int, seed: int, *, with_peers: bool, real_sleep: bool) -> list[str]:
    """The command line of a worker."""
    flags = [*(() if with_peers else ("--without-peers",)), *(("--real-sleep",) if real_sleep else ())]
    return [sys.executable, "-m", "benchmarks.worker", row, str(rounds), str(seed), *flags]


def environment() -> dict[str, str]:
    """The environment of a worker: nothing in it configures telemetry, or has it traced."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OTEL_", "RETOLD_", "PROMETHEUS_", "PYTHONDEVMODE", "COVERAGE_"))
    }


def _measured(name: str, rounds: int, seed: int, *, with_peers: bool) -> dict[str, Any]:
    # Not at the top: the rows import what keeps a reference to `time.sleep`.
    from benchmarks.contest import Contest, Skip
    from benchmarks.measure import compare
    from benchmarks.rows import BY_NAME

    row = BY_NAME[name]
    contest = Contest(with_peers=with_peers, timer=time.perf_counter if row.real_sleep else time.thread_time)
    try:
        row.enter(contest)
    except Skip as reason:
        return {"skipped": str(reason)}
    rounds = min(rounds, row.rounds or rounds)
    figures = compare(contest.samples, row.unit, rounds=rounds, turns=row.turns, rng=Random(seed)) if row.unit else {}
    return {
        "figures": {contender: asdict(figure) for contender, figure in figures.items()},
        "verdicts": {contender: asdict(verdict) for contender, verdict in contest.verdicts.items()},
        "notes": contest.notes,
    }


def _return_at_once(seconds: float, /) -> None:
    """In the place of `time.sleep`."""


if __name__ == "__main__":
    main(sys.argv[1:])

"""A guard against regressions that times nothing: `python -m benchmarks.guard`.

Memory blocks and instructions do not depend on what else the machine does, so a small change shows at once:

- *left behind*: blocks that are still allocated after many calls. There must be none.
- *held*: blocks that are allocated while the function runs and would not be without Retold.
- *instructions*: of one call, counted by valgrind and divided by those of the plain closure, so that compilers matter
  less. The difference of a long and a short run, so that starting Python does not count.

The figures of each Python version are in `guard.json`; `--write` renews those of the version that runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks import worker
from benchmarks.guarded import CASES, SUBJECTS

Figures: TypeAlias = dict[str, float]

FILE = Path(__file__).with_suffix(".json")

TOLERANCE = 0.02
"""How much the ratio of instructions may grow."""

_LONG, _SHORT = 11_000, 1000
_COLLECTED = re.compile(r"Collected : (\d+)")


def main() -> int:
    """Count, compare and print; 1 if something grew."""
    options = _parser().parse_args()
    if not set(options.case or ()) <= set(CASES):
        return _fail(f"there are {', '.join(CASES)}")
    counts = not options.without_instructions
    if counts and shutil.which("valgrind") is None:
        return _fail("valgrind is not installed: --without-instructions leaves its part out")
    names = [name for name in CASES if not options.case or name in options.case]
    found = {name: _count(name, instructions=counts) for name in names}
    if options.write:
        return _write(found)
    known = _known().get(_version(), {})
    if not known:
        print(f"{FILE.name} has no figures for Python {_version()}: only what is left behind is judged")
    problems = [problem for name in names for problem in _judge(name, found[name], known.get(name, {}))]
    print("\n".join(problems) or "nothing grew")
    return int(bool(problems))


def _count(name: str, *, instructions: bool) -> Figures:
    # Before the instructions: it also leaves compiled modules behind, so that no later run has to compile.
    figures: Figures = json.loads(_run("blocks", name))
    if instructions:
        # What else runs changes no count, so all processors may count.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            per_call = dict(zip(SUBJECTS, pool.map(_instructions, repeat(name), SUBJECTS), strict=True))
        figures["instructions"] = round(per_call["retold"] / per_call["closure"], 3)
        figures["instructions_of_closure"] = round(per_call["closure"])
    print(f"{name:<18} " + "  ".join(f"{key} {value:g}" for key, value in figures.items()), flush=True)
    return figures


def _instructions(name: str, subject: str) -> float:
    """Of one call."""
    long, short = (_callgrind(name, subject, count) for count in (_LONG, _SHORT))
    return (long - short) / (_LONG - _SHORT)


def _callgrind(name: str, subject: str, count: int) -> int:
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    told = _run("calls", name, subject, str(count), below=valgrind)
    collected = _COLLECTED.search(told)
    if collected is None:
        raise RuntimeError(f"valgrind did not say what it counted: {told}")
    return int(collected[1])


def _run(*arguments: str, below: list[str] | None = None) -> str:
    """What a fresh process says: on standard error if it runs below valgrind."""
    command = [*(below or ()), sys.executable, "-m", "benchmarks.guarded", *arguments]
    # Hashes of strings decide how often a dictionary has to look.
    environment = {**worker.environment(), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return done.stderr if below else done.stdout


def _judge(name: str, found: Figures, known: Figures) -> list[str]:
    problems = []
    if found["left_behind"] > 0:
        problems.append(f"{name}: {found['left_behind']:g} blocks are left behind")
    if found["held"] > known.get("held", found["held"]):
        problems.append(f"{name}: a call holds {found['held']:g} blocks, and held {known['held']:g}")
    if "instructions" in found and "instructions" in known:
        now, before = found["instructions"], known["instructions"]
        if now > before * (1 + TOLERANCE):
            problems.append(f"{name}: {now:g} times the closure's instructions, and had {before:g}")
        if now < before * (1 - TOLERANCE):
            print(f"{name}: better than {FILE.name}, which --write renews")
    return problems


def _known() -> dict[str, dict[str, Figures]]:
    known: dict[str, dict[str, Figures]] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return known


def _write(found: dict[str, Figures]) -> int:
    known: dict[str, Any] = _known()
    for name, figures in found.items():
        known.setdefault(_version(), {}).setdefault(name, {}).update(figures)
    FILE.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    return 0


def _version() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.guard", description="Count what a call that succeeds at once costs; time nothing."
    )
    parser.add_argument("--case", nargs="+", metavar="NAME", help=f"these only: {', '.join(CASES)}")
    parser.add_argument("--without-instructions", action="store_true", help="count blocks only, without valgrind")
    parser.add_argument("--write", action="store_true", help=f"write the figures to {FILE.name}")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""A guard against regressions that times nothing: `python -m benchmarks.guard`.

Memory blocks and instructions do not depend on what else the machine does, so a small change shows at once:

- *left behind*: blocks that are still allocated after many calls. There must be none.
- *held*: blocks that are allocated while the function runs and would not be without Retold.
- *instructions*: of one call, counted by valgrind and divided by those of the plain closure. The difference of a long
  and a short run, so that starting Python does not count.

`guard.json` knows the blocks of each Python version, and the instructions of one build of Python: how many there are
is decided by the compiler too. Elsewhere they are left out, and that is said.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import worker
from benchmarks.figures import Figures, Known, build, judge
from benchmarks.guarded import CASES, LONG, RUNS, SHORT

FILE = Path(__file__).with_suffix(".json")

_VALGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
_COLLECTED = re.compile(r"==(\d+)== Collected : (\d+)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, compare and print; 1 if something grew."""
    options = _parser().parse_args(arguments)
    names = [name for name in CASES if not options.case or name in options.case]
    known = Known.read(options.file)
    if options.pin:
        known.pin()
    left_out = _why_not(known)
    if options.pin and left_out:
        print(left_out, file=sys.stderr)
        return 2
    ratios = {} if left_out else _instructions(names)
    found = {name: Figures(**_blocks(name), instructions=ratios.get(name)) for name in names}
    for name, figures in found.items():
        print(f"{name:<22} {figures}")
    if left_out:
        print(f"instructions are left out: {left_out}")
    if options.write or options.pin:
        known.renew(found)
        known.forget_but(CASES)
        known.write(options.file)
        return 0
    verdict = judge(found, known)
    print("\n".join([*verdict.remarks, *(verdict.problems or ["nothing grew"])]))
    return int(bool(verdict.problems))


def _why_not(known: Known) -> str | None:
    """Why instructions are not counted, if they are not."""
    if known.pinned != build():
        return f"those known are of {known.pinned}, and this is {build()}"
    if shutil.which(_VALGRIND[0]) is None:
        return "valgrind is not installed; to have it: sudo apt-get install valgrind"
    return None


def _blocks(name: str) -> dict[str, int]:
    done = _run([], "blocks", name)
    blocks: dict[str, int] = json.loads(done.stdout)
    return blocks


def _instructions(names: Sequence[str]) -> dict[str, float]:
    """Of a call of each case, divided by the closure's."""
    done = _run(_VALGRIND, "calls", *names)
    collected = {child: int(count) for child, count in _COLLECTED.findall(done.stderr)}
    runs: dict[str, dict[tuple[str, int], int]] = {name: {} for name in names}
    for line in done.stdout.splitlines():
        child, name, subject, count = line.split()
        runs[name][subject, int(count)] = collected[child]
    return {name: round(_ratio(counted), 3) for name, counted in runs.items()}


def _ratio(counted: dict[tuple[str, int], int]) -> float:
    assert counted.keys() == set(RUNS)
    closure, ours = (counted[subject, LONG] - counted[subject, SHORT] for subject in ("closure", "retold"))
    return ours / closure


def _run(below: Sequence[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Let a fresh process count."""
    command = [*below, sys.executable, "-m", "benchmarks.guarded", *arguments]
    # Hashes of strings decide how often a dictionary has to look.
    environment = {**worker.environment(), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.guard",
        description="Count what a call that succeeds at once costs; time nothing. The exit status is 1 if it grew.",
    )
    parser.add_argument("--case", nargs="+", choices=CASES, metavar="NAME", help=f"these only: {', '.join(CASES)}")
    parser.add_argument("--file", type=Path, default=FILE, help=f"where figures are kept, instead of {FILE.name}")
    parser.add_argument("--write", action="store_true", help="keep what is counted, instead of comparing")
    parser.add_argument("--pin", action="store_true", help="the same, and have instructions be those of this Python")
    return parser


if __name__ == "__main__":
    sys.exit(main())

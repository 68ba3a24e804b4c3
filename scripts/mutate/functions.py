"""Mutants of what functions do: mutmut's, read from what it leaves in `mutants/`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.mutate.mutant import Mutant

ROOT = Path(__file__).parents[2]
LEFT = ROOT / "mutants"
"""What mutmut works in; `mutmut show` and `mutmut browse` read it afterwards."""

ALL = "retold.core"

_KILLED = {1, 3}
_OUT_OF_TIME = {36, 24, -24, 152, 255}


def run(within: str, processes: int) -> None:
    """Try all mutants of what begins with `within`, anew."""
    shutil.rmtree(LEFT, ignore_errors=True)  # mutmut would not try again what a test has killed since
    _mutmut("run", "--max-children", str(processes), *([f"{within}*"] if within != ALL else []), output=None)


def verdicts(within: str) -> tuple[int, int, list[Mutant]]:
    """How many mutants were tried, how many of them ended by running out of time, and the survivors."""
    codes = {name: code for name, code in _codes() if name.startswith(within)}
    late = sum(code in _OUT_OF_TIME for code in codes.values())
    return len(codes), late, [_shown(name) for name, code in codes.items() if code not in _KILLED | _OUT_OF_TIME]


def _codes() -> Iterator[tuple[str, int | None]]:
    for meta in sorted(LEFT.glob("src/**/*.meta")):
        found: Mapping[str, int | None] = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        yield from found.items()


def _shown(name: str) -> Mutant:
    diff = [
        line for line in _mutmut("show", name, output=subprocess.PIPE).splitlines() if line[:3] not in ("---", "+++")
    ]
    before, after = ("\n".join(line[1:].strip() for line in diff if line[:1] == sign) for sign in "-+")
    return Mutant(place(name), before, after)


def place(name: str) -> str:
    """Where a mutant of mutmut's is."""
    # As mutmut spells them: `module.x_function__mutmut_1`, `module.xǁClassǁmethod__mutmut_1`.
    module, _, rest = name.rpartition(".")
    return f"{module}.{re.sub(r'^x[_ǁ]|__mutmut_[0-9]+$', '', rest).replace('ǁ', '.')}"


def _mutmut(*arguments: str, output: int | None) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=output).stdout or ""

"""Mutation tests of the core: change its code in every small way, one at a time, and see that some test notices.

    python -m scripts.mutate                         all of src/retold/core: about fifteen minutes on one processor
    python -m scripts.mutate retold.core.decision    one module, while a test is being written

Fails if a mutant survives that `equivalent.toml` does not explain, or if that explains one which does not survive.
What to mutate and which tests to run is said in pyproject.toml, `[tool.mutmut]`. Needs the dependency group `mutation`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
from collections.abc import Sequence

from scripts.mutate import constants, functions
from scripts.mutate.mutant import Mutant, compared, known

ROOT = functions.ROOT


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants and say what became of them; 1 unless all are killed or explained."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    options, tests = config["pytest_add_cli_args"], config["pytest_add_cli_args_test_selection"]
    files = sorted(path for pattern in config["only_mutate"] for path in ROOT.glob(pattern))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("within", nargs="?", default=functions.ALL, metavar="MODULE", help="one, in place of all")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="mutants of functions to try at once"
    )
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    functions.run(chosen.within, chosen.processes)
    tried, late, survived = functions.verdicts(chosen.within)
    print(f"\n{tried} in functions; now those of constants and defaults")
    more, others = constants.survivors(files, chosen.within, options, tests)
    return report(chosen.within, tried + more, late, [*survived, *others], time.monotonic() - began)


def report(within: str, tried: int, late: int, survived: Sequence[Mutant], seconds: float) -> int:
    """Tell of every survivor, explained or not; 1 if there is more to do."""
    explained = known(within)
    unexplained, gone = compared(survived, explained)
    for each in explained:
        for mutant in set(each.mutants()) - gone:
            print(f"equivalent: {mutant}\n    because {each.because}")
    for title, mutants in (("survived", unexplained), ("explained, but killed or gone", gone)):
        for mutant in sorted(mutants, key=str):
            print(f"{title}: {mutant}")
    killed = tried - len(survived)
    equivalent = sum(mutant not in unexplained for mutant in survived)
    score = killed / max(tried - equivalent, 1)
    print(
        f"{within}: {tried} mutants in {seconds:.0f} s: killed {killed} ({late} by running out of time),"
        f" equivalent {equivalent}, survived {len(survived) - equivalent}; score {score:.1%}"
    )
    return 1 if unexplained or gone else 0


if __name__ == "__main__":
    sys.exit(main())

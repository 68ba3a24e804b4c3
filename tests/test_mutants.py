"""What the mutation tests of the core keep in the repository, and the mutants that we make ourselves."""

import ast
from pathlib import Path

import pytest

from scripts.mutate import functions
from scripts.mutate.__main__ import report
from scripts.mutate.constants import ROOT, mutants_in
from scripts.mutate.mutant import Equivalent, Mutant, compared, known

CORE = sorted((ROOT / "src" / "retold" / "core").glob("*.py"))


@pytest.mark.parametrize("equivalent", known("retold"), ids=lambda each: f"{each.place}: {each.before}"[:80])
def test_what_is_explained_is_a_line_of_the_code(equivalent: Equivalent) -> None:
    path = next(path for path in CORE if equivalent.place.startswith(f"retold.core.{path.stem}"))
    lines = {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}

    assert set(equivalent.before.splitlines()) <= lines
    assert equivalent.before not in equivalent.after
    assert len(equivalent.because) > 20


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_a_mutant_of_a_constant_is_the_file_with_one_line_changed(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    for mutant, whole in mutants_in(path, "retold.core"):
        changed = [(old, new) for old, new in zip(source.splitlines(), whole.splitlines(), strict=True) if old != new]
        assert [(old.strip(), new.strip()) for old, new in changed] == [(mutant.before, mutant.after)]
        ast.parse(whole)


def test_every_default_of_an_option_is_changed() -> None:
    changed = {mutant.before.partition(":")[0] for mutant, _ in mutants_in(ROOT / "src/retold/core/rules.py", "retold")}

    assert changed > {"on", "attempts", "timeout", "backoff", "over_cap", "fallback", "rng"}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("retold.core.rules.x__check_stop__mutmut_9", "retold.core.rules._check_stop"),
        ("retold.core.checks.x_seconds__mutmut_12", "retold.core.checks.seconds"),
        ("retold.core.growth.xǁLinearǁ__post_init____mutmut_1", "retold.core.growth.Linear.__post_init__"),
    ],
)
def test_a_mutant_is_named_after_where_it_is(name: str, place: str) -> None:
    assert functions.place(name) == place


def test_the_command_counts_and_fails_while_there_is_something_to_explain(capsys: pytest.CaptureFixture[str]) -> None:
    survivor = Mutant("retold.core.nowhere", "x = 1", "x = 2")

    assert report("retold.core.nowhere", 10, 1, [survivor, survivor], 3.0) == 1
    assert capsys.readouterr().out.splitlines() == [
        "survived: retold.core.nowhere",
        "    - x = 1",
        "    + x = 2",
        "retold.core.nowhere: 10 mutants in 3 s: killed 8 (1 by running out of time), equivalent 0, survived 2;"
        " score 80.0%",
    ]
    assert report("retold.core.nowhere", 10, 0, [], 3.0) == 0


def test_survivors_and_explanations_are_held_against_each_other() -> None:
    killed, survived, equal = (Mutant("here", "x = 1", f"x = {value}") for value in (2, 3, 4))
    explained = [Equivalent("here", "x = 1", (killed.after, equal.after), "nobody reads x in any of these cases")]

    assert compared([survived, equal], explained) == ({survived}, {killed})

"""The guard's judgment: what grew is a problem, what shrank is worth a remark, and the rest is not."""

from pathlib import Path

import pytest

from benchmarks.figures import TOLERANCE, Figures, Known, build, judge, version

CASE = "success-sync"


def known() -> Known:
    return Known(held={version(): {CASE: 2}}, pinned=build(), instructions={CASE: 0.5})


@pytest.mark.parametrize("instructions", [None, 0.5, 0.5 * (1 + TOLERANCE), 0.5 * (1 - TOLERANCE)])
def test_what_is_as_it_was_is_no_problem_and_needs_no_remark(instructions: float | None) -> None:
    verdict = judge({CASE: Figures(0, 2, instructions)}, known())

    assert verdict.problems == []
    assert verdict.remarks == []


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (Figures(1, 2, 0.5), "success-sync: 1 blocks are left behind"),
        (Figures(0, 3, 0.5), "success-sync: 3 blocks held, and it had 2"),
        (Figures(0, 2, 0.511), "success-sync: 0.511 of the closure's instructions, and it had 0.5"),
    ],
    ids=["left-behind", "held", "instructions"],
)
def test_what_grew_is_a_problem(found: Figures, problem: str) -> None:
    verdict = judge({CASE: found}, known())

    assert verdict.problems == [problem]
    assert verdict.remarks == []


@pytest.mark.parametrize(
    ("found", "remark"),
    [
        (Figures(0, 1, 0.5), "success-sync: 1 blocks held, better than 2: --write it"),
        (Figures(0, 2, 0.489), "success-sync: 0.489 of the closure's instructions, better than 0.5: --write it"),
    ],
    ids=["held", "instructions"],
)
def test_what_shrank_is_worth_a_remark(found: Figures, remark: str) -> None:
    verdict = judge({CASE: found}, known())

    assert verdict.problems == []
    assert verdict.remarks == [remark]


def test_a_case_without_figures_is_a_problem() -> None:
    verdict = judge({"success-new": Figures(0, 2, 0.5)}, known())

    assert verdict.problems == [
        "success-new: 2 blocks held, and none are known: --write them",
        "success-new: 0.5 of the closure's instructions, and none are known: --write them",
    ]


def test_of_an_unknown_version_only_what_is_left_behind_is_judged() -> None:
    elsewhere = Known(held={"2.7": {CASE: 0}})

    assert judge({CASE: Figures(0, 2)}, elsewhere).problems == []
    assert judge({CASE: Figures(1, 2)}, elsewhere).problems == ["success-sync: 1 blocks are left behind"]
    assert judge({}, elsewhere).remarks == [
        f"no blocks are known of Python {version()}: only what is left behind was judged"
    ]


def test_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"

    known().write(file)

    assert Known.read(file) == known()
    assert Known.read(tmp_path / "missing.json") == Known()


def test_renewing_keeps_what_was_not_counted() -> None:
    kept = Known(held={"2.7": {CASE: 9}, version(): {CASE: 2, "other": 1}}, pinned=build(), instructions={CASE: 0.5})

    kept.renew({CASE: Figures(0, 3)})

    assert kept.held == {"2.7": {CASE: 9}, version(): {CASE: 3, "other": 1}}
    assert kept.instructions == {CASE: 0.5}


def test_renewing_forgets_cases_that_there_are_no_more() -> None:
    kept = Known(held={"2.7": {"gone": 9}, version(): {CASE: 2}}, pinned=build(), instructions={"gone": 1, CASE: 0.5})

    kept.forget_but({CASE})

    assert kept == Known(held={"2.7": {}, version(): {CASE: 2}}, pinned=build(), instructions={CASE: 0.5})


def test_instructions_of_one_build_are_no_measure_of_another() -> None:
    moved, same = Known(pinned="another", instructions={CASE: 0.5}), known()

    moved.pin()
    same.pin()

    assert moved == Known(pinned=build())
    assert same == known()

"""The guard as CI runs it: what it counts, says and exits with."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import guard
from benchmarks.figures import build, version
from benchmarks.guarded import CASES
from tests.services.needs import need

CASE = "success-async"  # of which a call holds a block: there is something to grow from
HELD = 1


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "guard.json"


def write(file: Path, *, held: int, pinned: str = "another Python", instructions: float = 0.0) -> None:
    content: dict[str, Any] = {
        "held": {version(): {CASE: held}},
        "instructions": {"python": pinned, "cases": {CASE: instructions}},
    }
    file.write_text(json.dumps(content))


@pytest.mark.parametrize("case", CASES)
def test_a_success_leaves_no_blocks_behind_and_holds_few(case: str) -> None:
    blocks = guard._blocks(case)

    assert blocks["left_behind"] == 0
    assert blocks["held"] <= 2


def test_it_passes_what_did_not_grow(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, held=HELD)

    assert guard.main(["--file", str(file), "--case", CASE]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing grew"


def test_it_fails_when_something_grew_and_says_what(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, held=HELD - 1)

    assert guard.main(["--file", str(file), "--case", CASE]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"{CASE}: 1 blocks held, and it had 0"


def test_it_says_what_it_leaves_out(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, held=HELD)

    guard.main(["--file", str(file), "--case", CASE])

    reason = f"those known are of another Python, and this is {build()}"
    assert f"instructions are left out: {reason}" in capsys.readouterr().out


def test_without_valgrind_it_counts_the_blocks(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, held=HELD, pinned=build())
    monkeypatch.setenv("PATH", "")

    assert guard.main(["--file", str(file), "--case", CASE]) == 0
    assert guard.main(["--file", str(file), "--case", CASE, "--pin"]) == 2

    said = capsys.readouterr()
    assert "instructions are left out: valgrind is not installed" in said.out
    assert "sudo apt-get install valgrind" in said.err


def test_what_it_writes_it_passes(file: Path) -> None:
    assert guard.main(["--file", str(file), "--case", CASE, "--write"]) == 0

    assert json.loads(file.read_text())["held"] == {version(): {CASE: HELD}}
    assert guard.main(["--file", str(file), "--case", CASE]) == 0


def test_it_counts_the_instructions_of_the_pinned_build(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("valgrind", "valgrind")
    write(file, held=HELD, pinned=build(), instructions=0.1)

    assert guard.main(["--file", str(file), "--case", CASE]) == 1
    assert "of the closure's instructions, and it had 0.1" in capsys.readouterr().out

"""An hour's worth of calls leaves behind what its first minute did."""

from __future__ import annotations

import json

import pytest

from tests.laws.hour import Standing
from tests.subprocesses import run

pytestmark = pytest.mark.takes(seconds=80)

CALLS = 1_050_000
"""At least a million, after rounding to whole requests of a hundred."""

FEW = 1500
"""Blocks of memory that may come later than in the first minute: numbers that grew large, and what Python keeps."""


@pytest.fixture(scope="module")
def standings() -> list[Standing]:
    """After the first minute, and now and then until the last; in a process without coverage, which would take long."""
    script = f"from tests.laws.hour import main; main({CALLS})"
    done = run(script, untraced=True, env={"RETOLD_EXPORTERS": "none"}, timeout=300)
    return [Standing(**standing) for standing in json.loads(done.out)]


def test_a_million_calls_were_made_and_a_tenth_did_not_succeed_at_once(standings: list[Standing]) -> None:
    last = standings[-1]

    assert last.calls >= 1_000_000
    assert last.failed == last.calls / 10
    assert last.spans > 10_000


def test_nothing_grows_after_the_first_minute(standings: list[Standing]) -> None:
    first, *later = standings

    for standing in later:
        assert standing.blocks - first.blocks <= FEW
        assert (standing.series, standing.points) == (first.series, first.points)
        assert standing.threads == first.threads
        assert standing.open == 0
        assert standing.garbage <= first.garbage == 0

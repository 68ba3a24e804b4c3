"""However many calls there were, they leave nothing behind: no memory block, and nothing for the garbage collector."""

from __future__ import annotations

import pytest

from tests.runners.many_calls import EXPORTERS, FORMS
from tests.subprocesses import run

pytestmark = pytest.mark.takes(seconds=30)

FEW = 50
"""Blocks that may be there afterwards for all calls together: numbers of totals and of buckets that grew large."""

MILLION = [(exporters, form) for exporters in ("none", "default", "prometheus") for form in ("sync", "async")]

# Every attempt takes some 50 µs where a backend makes spans or records values.
FEWER = [("none", "block"), ("prometheus", "block"), ("metrics", "async"), ("spans", "sync"), ("everything", "block")]


@pytest.mark.parametrize(
    ("exporters", "form", "calls"),
    [(*case, 10**6) for case in MILLION] + [(*case, 10**5) for case in FEWER],
)
def test_calls_leave_nothing_behind(exporters: str, form: str, calls: int) -> None:
    """Of these calls one in ten fails at first, and one in a hundred for good."""
    script = f"from tests.runners.many_calls import main; main({exporters!r}, {form!r}, {calls})"

    blocks, garbage = map(int, run(script, untraced=True, timeout=300).out.split())

    assert blocks <= FEW
    assert garbage == 0


def test_every_choice_of_exporters_and_every_form_is_among_them() -> None:
    assert {exporters for exporters, _ in MILLION + FEWER} == set(EXPORTERS)
    assert {form for _, form in MILLION + FEWER} == set(FORMS)

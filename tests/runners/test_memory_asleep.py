"""A call that sleeps in an event loop takes no more memory than a loop written by hand."""

from __future__ import annotations

import pytest

from tests.subprocesses import run

CALLS = 100_000

# Alone in its process: every allocation is traced, and what asyncio has once made room for it keeps.
MEASURED = """
    import asyncio, gc
    from benchmarks import floors, ours
    from benchmarks.asleep import bytes_asleep

    HOUR = 3600.0
    gc.disable()  # it would look at every call again and again
    ours.silent()
    decorate = {decorate}
    with asyncio.Runner() as runner:
        runner.run(bytes_asleep(decorate, 10))  # what the first calls leave for all later ones is not theirs
        print(runner.run(bytes_asleep(decorate, {calls})))
"""


@pytest.fixture(scope="module")
def by_hand() -> float:
    """The bytes of a hand-written loop that sleeps."""
    return measured("lambda function: floors.patient_hand_loop(function, HOUR)")


def measured(decorate: str) -> float:
    return float(run(MEASURED.format(decorate=decorate, calls=CALLS), untraced=True).out)


def test_of_100_000_sleeping_calls_none_takes_more_memory_than_a_hand_written_loop(by_hand: float) -> None:
    assert round(measured("ours.plain(HOUR)")) <= round(by_hand)

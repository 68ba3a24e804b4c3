"""A call that sleeps keeps no more than a loop written by hand, and nothing of the attempt that failed."""

from __future__ import annotations

from tests.subprocesses import run

CALLS = 100_000

# In a process of its own, since every allocation is traced.
MEASURED = f"""
    import asyncio
    from benchmarks import floors, ours
    from benchmarks.asleep import bytes_asleep

    HOUR = 3600.0
    ours.silent()
    with asyncio.Runner() as runner:
        for decorate in (lambda function: floors.patient_hand_loop(function, HOUR), ours.plain(HOUR)):
            runner.run(bytes_asleep(decorate, 10))  # what the first calls leave for all later ones is not theirs
            print(runner.run(bytes_asleep(decorate, {CALLS})))
"""


def test_of_100_000_sleeping_calls_none_takes_more_memory_than_a_hand_written_loop() -> None:
    by_hand, ours = map(float, run(MEASURED, untraced=True).lines)

    assert ours <= by_hand

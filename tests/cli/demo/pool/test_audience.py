"""Calls elsewhere, played here: listeners cannot tell them from their own, until one is lost."""

import os
from typing import Never

import pytest

import retold
from retold.cli.demo.pool.audience import Audience
from retold.cli.demo.pool.relay import Outbox, Relay, Told, messages
from retold.cli.demo.tally import Tally
from retold.cli.demo.witness import Witness
from retold.cli.top.reading import Key, Kind

OPERATION = "relayed"


def told(policy: retold.Policy[Never], *outcomes: Exception | None) -> list[Told]:
    """What a worker says of a call whose attempts come to these outcomes."""
    reading, writing = os.pipe()
    left = iter(outcomes)

    def run() -> None:
        outcome = next(left)
        if outcome is not None:
            raise outcome

    with retold.configure(exporters=[Relay(Outbox(writing))]):
        policy.run(run)
    os.close(writing)
    with open(reading, "rb") as stream:
        return [message for message in messages(stream) if isinstance(message, Told)]


@pytest.fixture
def policy() -> retold.Policy[Never]:
    return retold.Policy(on=OSError, attempts=3, backoff=0.001, operation=OPERATION)


def test_listeners_count_what_they_would_have_counted_there(policy: retold.Policy[Never]) -> None:
    tally, witness = Tally([OPERATION], None), Witness([OPERATION])
    audience = Audience([tally, witness])

    for each in told(policy, OSError(), None) + told(policy, *3 * [OSError()]):
        audience.hear(each.call, each.event)
    audience.leave()

    count = tally.operations[OPERATION]
    assert count.calls == {"success": 1, "attempts_exhausted": 1}
    assert count.attempts == {"error": 4, "success": 1}
    assert (tally.active, tally.waiting, count.lost_calls) == (0, 0, 0)
    counters = witness.reading().counters
    assert counters[Key(Kind.CALLS, OPERATION, "attempts_exhausted")] == 1
    assert counters[Key(Kind.ATTEMPTS, OPERATION, "error")] == 4


@pytest.mark.parametrize(
    ("heard", "in_attempt", "waiting"),
    [("CallStarted", 0, 0), ("AttemptStarted", 1, 0), ("AttemptEnded", 0, 0), ("RetryScheduled", 0, 1)],
)
def test_what_was_under_way_when_a_worker_went_is_lost(
    policy: retold.Policy[Never], heard: str, in_attempt: int, waiting: int
) -> None:
    tally, witness = Tally([OPERATION], None), Witness([OPERATION])
    audience = Audience([tally, witness])
    for each in told(policy, OSError(), None):
        audience.hear(each.call, each.event)
        if type(each.event).__name__ == heard:
            break
    assert (tally.active, tally.waiting) == (1, waiting)

    audience.leave()

    count = tally.operations[OPERATION]
    assert (count.lost_calls, count.lost_attempts, count.calls.total()) == (1, in_attempt, 0)
    assert (tally.active, tally.waiting, witness.longest_wait()) == (0, 0, None)
    gauges = witness.reading().gauges
    assert (gauges[Key(Kind.ACTIVE, OPERATION)], gauges.get(Key(Kind.WAITING, OPERATION), 0)) == (0, 0)

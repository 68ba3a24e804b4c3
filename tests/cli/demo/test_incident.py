"""The demo's incident: what it promises about its phases and rates."""

import math

import pytest

from retold.cli.demo.incident import DEGRADING_RATE, OUTAGE_RATE, STORM_RATE, ByHand, Incident, Phase

INCIDENT = Incident(at=10.0, lasts=6.0)


@pytest.mark.parametrize(
    ("elapsed", "phase"),
    [
        (-math.inf, Phase.BEFORE),
        (9.999, Phase.BEFORE),
        (10.0, Phase.DEGRADING),
        (11.999, Phase.DEGRADING),
        (12.0, Phase.OUTAGE),
        (13.999, Phase.OUTAGE),
        (14.0, Phase.STORM),
        (15.999, Phase.STORM),
        (16.0, Phase.AFTER),
    ],
)
def test_each_phase_begins_with_its_first_moment(elapsed: float, phase: Phase) -> None:
    assert INCIDENT.phase(elapsed) is phase


def test_fails_as_usual_outside_the_incident() -> None:
    assert INCIDENT.failure_rate(0.0, usual=0.1) == 0.1
    assert INCIDENT.failure_rate(16.0, usual=0.1) == 0.1


def test_each_phase_fails_in_its_own_way() -> None:
    assert INCIDENT.failure_rate(10.0, usual=0.1) == DEGRADING_RATE == 0.35
    assert INCIDENT.failure_rate(12.0, usual=0.1) == OUTAGE_RATE == 0.95
    assert INCIDENT.failure_rate(14.0, usual=0.1) == STORM_RATE == 0.7


def test_an_incident_never_makes_things_better() -> None:
    assert INCIDENT.failure_rate(10.0, usual=0.6) == 0.6
    assert INCIDENT.failure_rate(12.0, usual=1.0) == 1.0


def test_an_incident_by_hand_degrades_and_is_then_an_outage_until_it_is_over() -> None:
    by_hand = ByHand(at=100.0)

    assert [by_hand.phase(now) for now in (100.0, 114.9, 115.0, 10**6)] == [
        Phase.DEGRADING,
        Phase.DEGRADING,
        Phase.OUTAGE,
        Phase.OUTAGE,
    ]
    assert [by_hand.failure_rate(now, usual=0.1) for now in (100.0, 115.0)] == [DEGRADING_RATE, OUTAGE_RATE]
    assert by_hand.failure_rate(100.0, usual=0.6) == 0.6

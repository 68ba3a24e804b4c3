"""How often a world fails: as often as usual, and as the incident says once its clock runs."""

from retold.cli.demo.incident import DEGRADES_FOR, DEGRADING_RATE, OUTAGE_RATE, STORM_RATE, Incident
from retold.cli.demo.worlds.process import Weather
from retold.testing import ManualClock


def test_the_incident_sets_the_rate_once_its_clock_runs() -> None:
    clock = ManualClock()
    weather = Weather(usual=0.1, incident=Incident(5.0, 15.0), now=clock.now)

    weather.hear("strat")
    clock.advance(10.0)
    assert weather.failure_rate == 0.1
    weather.hear("start")
    rates = []
    for _ in range(5):
        rates.append(weather.failure_rate)
        clock.advance(5.0)

    assert rates == [0.1, DEGRADING_RATE, OUTAGE_RATE, STORM_RATE, 0.1]


def test_an_incident_is_switched_on_and_off_beside_the_one_that_is_planned() -> None:
    clock = ManualClock()
    weather = Weather(usual=0.0, incident=Incident(0.0, 300.0), now=clock.now)

    weather.hear("incident on")
    assert weather.failure_rate == DEGRADING_RATE
    clock.advance(DEGRADES_FOR)
    assert weather.failure_rate == OUTAGE_RATE
    weather.hear("start")
    clock.advance(5.0)
    assert weather.failure_rate == OUTAGE_RATE
    weather.hear("incident off")
    assert weather.failure_rate == DEGRADING_RATE
    weather.hear("a word of another version")
    assert weather.failure_rate == DEGRADING_RATE

"""How often a world fails: as often as usual, and as the incident says once its clock runs."""

from retold.cli.demo.incident import DEGRADING_RATE, OUTAGE_RATE, STORM_RATE, Incident
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

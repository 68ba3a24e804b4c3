"""What is kept of what has happened."""

from retold.cli.top.happenings import Happenings
from retold.cli.top.scene import Happening


def test_the_latest_is_last_and_what_is_rare_outlives_a_storm() -> None:
    happenings = Happenings()
    happenings.add(Happening(0, "workers", "worker 7 has ended", is_rare=True))
    for number in range(1, 1001):
        happenings.add(Happening(number, "papers.fetch", f"retry {number}"))
    happenings.add(Happening(500.5, "http", "incident over", is_rare=True))

    latest = happenings.latest()

    assert [latest[0].text, latest[1].text, latest[-1].text] == ["worker 7 has ended", "incident over", "retry 1000"]
    assert len(latest) == 202
    assert [each.time for each in latest] == sorted(each.time for each in latest)


def test_what_is_rare_does_not_pile_up() -> None:
    happenings = Happenings()
    for number in range(1000):
        happenings.add(Happening(number, "workers", f"worker {number} has ended", is_rare=True))

    assert [each.time for each in happenings.latest()] == list(range(980, 1000))

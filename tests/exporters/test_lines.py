"""How many lines a second a call may leave, whatever library writes them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import retold
from retold import Policy
from retold.exporters._lines import Fields, Lines
from retold.testing import ManualClock
from tests.forms import Failing


class Kept(Lines):
    """Keeps its lines, and tells the time by a clock of its own."""

    name = "kept"

    def __init__(self) -> None:
        self.time = ManualClock()
        self.lines: list[tuple[str, str, Fields]] = []
        super().__init__(self.time.now)

    def write(self, level: str, event: str, fields: Fields) -> None:
        self.lines.append((level, event, fields))

    def gave_up(self) -> list[tuple[object, object]]:
        """The operation and the number of suppressed lines, of each line that says that a call gave up."""
        return [
            (fields["retold.operation"], fields.get("retold.suppressed"))
            for _, event, fields in self.lines
            if event == "retold.call.gave_up"
        ]


def give_up(clock: ManualClock, operation: str = "shop.fetch") -> None:
    Policy(on=OSError, attempts=1, fallback=None, operation=operation, clock=clock).call(Failing(OSError))


def test_at_most_ten_calls_a_second_give_up_aloud_and_the_next_line_counts_the_silent(clock: ManualClock) -> None:
    kept = Kept()

    with retold.configure(exporters=[kept]):
        for _ in range(25):
            give_up(clock)
        give_up(clock, "shop.pay")
        kept.time.advance(0.999)
        give_up(clock)
        kept.time.advance(0.001)
        give_up(clock)
        give_up(clock)

    assert kept.gave_up() == [
        *[("shop.fetch", None)] * 10,
        ("shop.pay", None),
        ("shop.fetch", 16),
        ("shop.fetch", None),
    ]


def test_no_line_is_lost_from_the_count_when_threads_give_up_together(clock: ManualClock) -> None:
    kept = Kept()

    with retold.configure(exporters=[kept]):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: give_up(clock), range(400)))
        kept.time.advance(1)
        give_up(clock)

    suppressed = kept.gave_up()[-1][1]
    assert len(kept.gave_up()) == 11
    assert suppressed == 390


def test_only_giving_up_is_limited(clock: ManualClock) -> None:
    kept = Kept()

    with retold.configure(exporters=[kept]):
        for _ in range(25):
            Policy(on=OSError, backoff=0, clock=clock).call(Failing(OSError, "page"))

    assert sum(event == "retold.call.recovered" for _, event, _ in kept.lines) == 25


def test_a_backend_has_to_say_how_it_writes(clock: ManualClock) -> None:
    with retold.configure(exporters=[Lines()]), pytest.raises(OSError):
        Policy(on=OSError, attempts=1, clock=clock).call(Failing(OSError))

    with pytest.raises(NotImplementedError):
        Lines().write("info", "retold.call.recovered", {})

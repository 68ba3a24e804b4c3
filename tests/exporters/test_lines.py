"""How many lines a second a call may leave, whatever library writes them."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Policy
from retold.exporters._lines import Fields, Lines
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock
from tests.forms import Failing
from tests.readings import scraped_from, sum_of
from tests.subprocesses import run


class Kept(Lines):
    """Keeps its lines, and tells the time by a clock of its own."""

    name = "kept"

    def __init__(self) -> None:
        self.time = ManualClock()
        self.lines: list[tuple[int, str, Fields]] = []
        super().__init__(now=self.time.now)

    def write(self, level: int, event: str, fields: Fields) -> None:
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


def total(kept: Kept) -> int:
    """The lines, and those that they say were held back."""
    return sum(1 + int(str(suppressed or 0)) for _, suppressed in kept.gave_up())


@pytest.mark.parametrize("seconds", [1, 5])
def test_a_storm_leaves_ten_lines_a_second_and_operation_and_every_give_up_is_in_one_of_them(
    clock: ManualClock, seconds: int
) -> None:
    kept, registry = Kept(), CollectorRegistry()
    operations = ["shop.fetch", "shop.pay"]

    with retold.configure(exporters=[kept, Prometheus(registry)]):
        for _ in range(1000 * seconds):
            for operation in operations:
                give_up(clock, operation)
            kept.time.advance(0.001)
    in_the_storm = Counter(operation for operation, _ in kept.gave_up())
    kept.close()

    numbers = scraped_from(registry)
    assert in_the_storm == dict.fromkeys(operations, 10 * seconds)
    assert len(kept.gave_up()) == in_the_storm.total() + len(operations)
    assert total(kept) == sum_of(numbers, "retold.give_ups") == 1000 * seconds * len(operations)
    assert sum_of(numbers, "retold.calls", "attempts_exhausted") == total(kept)


def test_there_is_no_second_with_more_lines_wherever_it_begins(clock: ManualClock) -> None:
    kept = Kept()
    times: list[float] = []

    with retold.configure(exporters=[kept]):
        kept.time.advance(0.9)
        for _ in range(300):
            before = len(kept.gave_up())
            give_up(clock)
            times += [kept.time.now()] * (len(kept.gave_up()) - before)
            kept.time.advance(0.01)

    assert len(times) == 30
    assert all(later - earlier >= 1 for earlier, later in zip(times, times[10:], strict=False))


def test_closing_writes_what_is_held_back_once(clock: ManualClock) -> None:
    kept = Kept()
    with retold.configure(exporters=[kept]):
        for _ in range(11):
            give_up(clock)
        for _ in range(13):
            give_up(clock, "shop.pay")

    kept.close()
    kept.close()

    assert kept.gave_up()[20:] == [("shop.fetch", None), ("shop.pay", 2)]
    assert kept.lines[-1][2]["retold.outcome"] == "attempts_exhausted"


def test_operations_without_number_share_what_is_let_through_and_lose_no_count(clock: ManualClock) -> None:
    kept = Kept()

    with retold.configure(exporters=[kept]):
        for number in range(300):
            give_up(clock, f"shop.{number}")
        assert len(kept._limit._flows) <= 101
        kept.time.advance(1)
        give_up(clock, "shop.new")
        kept.close()

    assert total(kept) == 301
    assert len(kept._limit._flows) == 0


def test_operations_that_are_long_silent_make_room(clock: ManualClock) -> None:
    kept = Kept()

    with retold.configure(exporters=[kept]):
        for number in range(1000):
            give_up(clock, f"shop.{number}")
            kept.time.advance(0.1)

    assert [suppressed for _, suppressed in kept.gave_up()] == [None] * 1000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_does_not_write_what_its_parent_held_back() -> None:
    done = run(
        """
        import os, logging
        import retold
        from retold.exporters.logging import Logging

        lines = []
        handler = logging.Handler()
        handler.emit = lambda record: lines.append(vars(record).get("retold.suppressed", 0))
        logging.getLogger("retold").addHandler(handler)

        exporter = Logging()
        retold.configure(exporters=[exporter])
        policy = retold.Policy(on=OSError, attempts=1, operation="shop.fetch", fallback=None)
        for _ in range(15):
            policy.call(open, "/no/such/file")
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        exporter.close()
        print("parent" if child else "child", lines, flush=True)
        """
    )

    assert sorted(done.lines) == [f"child {[0] * 10}", f"parent {[0] * 10 + [4]}"]


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
        Lines().write(20, "retold.call.recovered", {})

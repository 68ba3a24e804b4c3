"""A bucket holds what calls and time have earned, and no more than it can; whoever spends is told exactly."""

import math
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from itertools import count, cycle, takewhile
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold.core.bucket import Bucket
from retold.testing import ManualClock


def never() -> float:
    return 0.0


def emptied(ratio: float, per_second: float, capacity: float, clock: ManualClock | None = None) -> Bucket:
    bucket = Bucket(ratio, per_second, capacity)
    while bucket.spend(never if clock is None else clock.now):
        pass
    return bucket


def test_it_begins_full() -> None:
    bucket = Bucket(0.1, 1, 2.5)

    assert bucket.available == 2.5
    assert [bucket.spend(never) for _ in range(4)] == [True, True, False, False]
    assert bucket.available == 0.5


@pytest.mark.parametrize("calls", [3, 7, 10, 49, 1000])
def test_so_many_calls_earn_one_retry(calls: int) -> None:
    bucket = emptied(1 / calls, 0, 1)

    for _ in range(calls - 1):
        bucket.earn()
        assert bucket.available < 1  # looking changes nothing
    assert not bucket.spend(never)
    bucket.earn()

    assert bucket.available == 1
    assert bucket.spend(never)
    assert not bucket.spend(never)


@pytest.mark.parametrize(("missing", "left"), [(1e-9, 1 - 1e-9), (4e-10, 1.0), (6e-10, 1 - 1e-9)])
def test_it_is_exact_to_a_billionth_of_a_retry(missing: float, left: float) -> None:
    bucket = emptied(1 - missing, 0, 1)

    bucket.earn()

    assert bucket.available == left
    assert bucket.spend(never) == (left == 1)


def test_an_empty_bucket_has_nothing_and_not_less() -> None:
    bucket = emptied(1 / 49, 0, 1)
    for _ in range(49):
        bucket.earn()

    assert bucket.spend(never)
    assert repr(bucket.available) == "0.0"


def test_seconds_earn(clock: ManualClock) -> None:
    bucket = emptied(0, 0.5, 3, clock)

    clock.advance(1)
    assert (bucket.available, bucket.spend(clock.now)) == (0.5, False)
    clock.advance(1)
    assert (bucket.available, bucket.spend(clock.now)) == (1, True)
    clock.advance(100)
    assert bucket.available == 3


def test_a_clock_that_goes_back_earns_nothing_twice(clock: ManualClock) -> None:
    instants = iter([10.0, 9.0, 11.0])
    bucket = emptied(0, 1, 1)

    class Strange:
        def now(self) -> float:
            return next(instants)

    strange = Strange()

    assert [bucket.spend(strange.now) for _ in range(3)] == [False, False, True]


def test_between_two_clocks_no_time_passes(clock: ManualClock) -> None:
    other = ManualClock()
    other.advance(1e9)
    bucket = emptied(0, 1, 5, clock)

    assert not bucket.spend(other.now)
    other.advance(2)
    clock.advance(50)
    assert bucket.available == 2
    assert not emptied(0, 1, 5, other).spend(clock.now)


def test_a_restart_fills_it() -> None:
    bucket = emptied(0.1, 1, 2)
    earn = bucket.earn

    bucket.restart()

    assert bucket.available == 2
    assert [bucket.spend(never) for _ in range(3)] == [True, True, False]
    for _ in range(10):
        earn()  # whoever has it goes on
    assert bucket.spend(never)


def test_looking_waits_for_nobody(clock: ManualClock) -> None:
    bucket = emptied(0.5, 0, 2, clock)

    with ThreadPoolExecutor(1) as pool:
        with bucket._lock:
            bucket.earn()
            while_somebody_spends = pool.submit(lambda: bucket.available).result(timeout=30)
        afterwards = bucket.available

    assert (while_somebody_spends, afterwards) == (0, 0.5)


def test_looking_is_right_when_another_clock_comes_between(clock: ManualClock) -> None:
    bucket, other = emptied(0, 1, 5), ManualClock()

    def now() -> float:
        if bucket._now is not other.now:
            bucket.spend(other.now)
        return 1e9

    assert not bucket.spend(now)
    assert bucket.available == 0


def test_where_its_clock_cannot_be_asked_no_time_has_passed() -> None:
    """As that of an event loop, by whoever reads metrics in another thread."""
    bucket, clock, running = emptied(0.5, 1, 5), ManualClock(), True

    def now() -> float:
        if not running:
            raise RuntimeError("no running event loop")
        return clock.now()

    assert not bucket.spend(now)
    bucket.earn()
    clock.advance(2)
    running = False
    assert bucket.available == 0.5

    running = True
    assert bucket.available == 2.5


@pytest.mark.parametrize("per_second", [0, 1])
@pytest.mark.parametrize("instants", [[math.nan], [math.inf], [0.0, math.nan], [math.nan, 0.0]], ids=str)
def test_a_clock_that_tells_no_time_earns_nothing(instants: list[float], per_second: float) -> None:
    bucket, told = Bucket(0, per_second, 2), cycle(instants)

    assert sum([bucket.spend(told.__next__) for _ in range(9)]) == 2
    assert bucket.available == 0


def test_whoever_interrupts_a_thread_that_spends_is_counted_exactly() -> None:
    """As a signal handler may, wherever something is called."""
    points = list(takewhile(spends_exactly, count()))

    assert len(points) > 6


def spends_exactly(point: int) -> bool:
    """Spend, and once more when so many calls and returns have been. Returns whether there were so many."""
    clock, bucket = ManualClock(), Bucket(0.25, 1, 100)
    for _ in range(50):
        assert bucket.spend(clock.now)
    clock.advance(8)
    bucket.earn()

    def between() -> None:
        clock.advance(1)
        bucket.earn()
        assert bucket.spend(clock.now)

    with interrupted(point, between) as reached:
        assert bucket.spend(clock.now)

    assert bucket.available == 50 - 1 + 8 + 0.25 + (1 + 0.25 - 1) * len(reached)
    return bool(reached)


@contextmanager
def interrupted(point: int, action: Callable[[], None]) -> Iterator[list[int]]:
    """Do something when so many calls and returns have been; yields where it has been done."""
    steps, reached = count(), list[int]()

    def interrupt(*_: object) -> None:
        if next(steps) == point:
            reached.append(point)
            action()

    before = sys.getprofile()
    sys.setprofile(interrupt)
    try:
        yield reached
    finally:
        sys.setprofile(before)


STEPS = st.lists(st.one_of(st.just("call"), st.just("retry"), st.just("look"), st.integers(1, 40)), max_size=60)


@given(
    steps=STEPS,
    ratio=st.integers(0, 24),
    per_second=st.integers(0, 24),
    capacity=st.integers(8, 40),
)
def test_it_is_a_token_bucket(steps: list[str | int], ratio: int, per_second: int, capacity: int) -> None:
    """Against one that puts in at once what is earned, in fractions; all is in eighths."""
    clock, most = ManualClock(), Fraction(capacity, 8)
    bucket, left = Bucket(ratio / 8, per_second / 8, capacity / 8), most
    earned, spent = most, 0
    assert bucket.spend(clock.now)
    left, spent = left - 1, 1

    for step in steps:
        match step:
            case "call":
                bucket.earn()
                earned, left = earned + Fraction(ratio, 8), min(left + Fraction(ratio, 8), most)
            case "retry":
                granted = bucket.spend(clock.now)
                assert granted == (left >= 1)
                left, spent = left - granted, spent + granted
            case "look":
                assert bucket.available == left
            case seconds:
                assert isinstance(seconds, int)
                clock.advance(seconds / 8)
                time = Fraction(seconds * per_second, 64)
                earned, left = earned + time, min(left + time, most)
        assert 0 <= bucket.available <= most
        assert spent <= earned


@given(
    ratio=st.floats(0, 10),
    per_second=st.floats(0, 1e6),
    capacity=st.floats(1, 1e6),
    seconds=st.lists(st.floats(0, 1e6), max_size=20),
)
def test_it_is_never_below_nothing_nor_above_its_capacity(
    ratio: float, per_second: float, capacity: float, seconds: list[float]
) -> None:
    clock, bucket = ManualClock(), Bucket(ratio, per_second, capacity)

    for each in seconds:
        bucket.earn()
        clock.advance(each)
        bucket.spend(clock.now)
        assert 0 <= bucket.available <= math.nextafter(capacity, math.inf) + 1e-9


def test_many_threads_earn_and_spend_exactly() -> None:
    threads, rounds, capacity = 100, 200, 50
    bucket, together = Bucket(0.25, 0, capacity), Barrier(threads)

    def work(_: int) -> int:
        together.wait()
        return sum([bucket.spend(never) for _ in range(rounds)])

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(work, range(threads))) == capacity
    assert bucket.available == 0


def test_what_threads_earn_while_others_spend_is_neither_lost_nor_counted_twice() -> None:
    threads, rounds, capacity = 100, 200, 50
    bucket, together = emptied(0.25, 0, capacity), Barrier(threads)

    def work(_: int) -> int:
        together.wait()
        granted = 0
        for _ in range(rounds):
            bucket.earn()
            granted += bucket.spend(never)
        return granted

    with ThreadPoolExecutor(threads) as pool:
        granted = sum(pool.map(work, range(threads)))

    # With a retry asked for after every call, there is never so much in it that it would overflow.
    assert granted + bucket.available == threads * rounds * 0.25

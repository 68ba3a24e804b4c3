"""Nothing is lost, and no reading is ever out of joint, while many threads write."""

import threading
from concurrent.futures import ThreadPoolExecutor

from retold import AttemptOutcome, Outcome, telemetry
from retold.journal import FOLD_AT, Distribution, Journal, Page, Tape, Totals

THREADS = 16
ROUNDS = 300
OPERATIONS = ["shop.fetch", "shop.pay"]


def one_round(page: Page) -> None:
    """A call that succeeds at once, one that recovers, and one that gives up."""
    page.call_began()
    page.succeeded_at_once(0.01)
    page.call_began()
    page.attempt_ended(AttemptOutcome.ERROR, 0.01, "OSError")
    page.wait_began()
    page.wait_ended(0.25)
    page.attempt_ended(AttemptOutcome.SUCCESS, 0.01, None)
    page.call_ended(Outcome.SUCCESS, 2, 0.27, False)
    page.call_began()
    page.attempt_ended(AttemptOutcome.ERROR, 0.01, "OSError")
    page.call_ended(Outcome.ATTEMPTS_EXHAUSTED, 1, 0.01, False)


def write(journal: Journal, number: int, rounds: int = ROUNDS) -> None:
    for each in range(rounds):
        one_round(journal.page(OPERATIONS[(number + each) % 2]))


def sum_of(totals: Totals, metric: telemetry.Metric, operation: str) -> float:
    """The sum over all series of an operation; of histograms, of what was observed."""
    found = [value for labels, value in totals[metric].items() if labels[0] == operation]
    return sum(value.sum if isinstance(value, Distribution) else value for value in found)


def count_of(totals: Totals, metric: telemetry.Metric, operation: str) -> int:
    found = [value for labels, value in totals[metric].items() if labels[0] == operation]
    return sum(sum(value.counts) for value in found if isinstance(value, Distribution))


def assert_joined(totals: Totals, before: Totals | None) -> None:
    """The laws that hold at any reading."""
    for operation in {str(labels[0]) for labels in totals[telemetry.CALL_ACTIVE]}:
        calls = sum_of(totals, telemetry.CALLS, operation)
        attempts = sum_of(totals, telemetry.ATTEMPTS, operation)
        assert attempts >= sum_of(totals, telemetry.CALL_ATTEMPTS, operation)
        assert attempts == count_of(totals, telemetry.ATTEMPT_DURATION, operation)
        assert calls == count_of(totals, telemetry.CALL_DURATION, operation)
        active, waiting = (
            sum_of(totals, metric, operation) for metric in (telemetry.CALL_ACTIVE, telemetry.CALL_WAITING)
        )
        assert 0 <= waiting <= active <= THREADS
    for metric in telemetry.METRICS if before is not None else ():
        if metric.kind == "counter":
            assert before is not None
            assert all(totals[metric][labels] >= value for labels, value in before[metric].items())  # type: ignore[operator]


def test_no_count_is_lost_and_the_laws_hold_at_every_reading() -> None:
    journal = Journal()
    tape = Tape(lambda: True)
    journal.follow(tape)
    done = threading.Event()
    readings: list[Totals] = []

    def read() -> None:
        while not done.is_set():
            readings.append(journal.collect())

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda number: write(journal, number), range(THREADS)))
    done.set()
    reader.join()
    totals, told = journal.collect_with(tape)

    for before, reading in zip([None, *readings], [*readings, totals], strict=True):
        assert_joined(reading, before)
    rounds = THREADS * ROUNDS
    assert sum(sum_of(totals, telemetry.CALLS, operation) for operation in OPERATIONS) == 3 * rounds
    assert sum(sum_of(totals, telemetry.ATTEMPTS, operation) for operation in OPERATIONS) == 4 * rounds
    assert sum(sum_of(totals, telemetry.RETRY_DELAYS, operation) for operation in OPERATIONS) == 0.25 * rounds
    assert sum(len(list(each.values)) for each in told) == (4 + 3 + 3 + 1) * rounds


def test_a_writer_folds_few_entries_however_many_there_are() -> None:
    """It does so on its way, and must not pay for what others wrote; a collection takes everything."""
    journal = Journal()

    def write_and_watch(number: int) -> None:
        for _ in range(ROUNDS):
            one_round(page)
            sizes.append(journal.largest_fold)

    def write(page: Page) -> None:
        for _ in range(ROUNDS):
            one_round(page)

    sizes: list[int] = []
    page = journal.page(OPERATIONS[0])
    with journal._lock, ThreadPoolExecutor(THREADS) as pool:  # nobody can fold, and the page grows long
        list(pool.map(write, [page] * THREADS))
        assert journal.largest_fold == 0
        assert len(page.entries) > 100 * FOLD_AT
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write_and_watch, range(THREADS)))

    backlog, more = len(page.entries), 0
    while len(page.entries) >= FOLD_AT:
        one_round(page)
        more += 1

    assert max(sizes) == journal.largest_fold == FOLD_AT
    assert more <= backlog // (2 * FOLD_AT) + 1  # a few calls work off what many have left
    assert sum_of(journal.collect(), telemetry.CALLS, OPERATIONS[0]) == 3 * (2 * THREADS * ROUNDS + more)
    assert journal.largest_fold == FOLD_AT


def test_an_operation_that_many_threads_call_first_has_one_page() -> None:
    journal = Journal()
    barrier = threading.Barrier(THREADS)

    def first_call() -> Page:
        barrier.wait()
        return journal.page("shop.fetch")

    with ThreadPoolExecutor(THREADS) as pool:
        pages = [future.result() for future in [pool.submit(first_call) for _ in range(THREADS)]]

    assert len(set(map(id, pages))) == 1


def test_a_writer_does_not_wait_for_a_reader() -> None:
    journal = Journal()
    journal.page("shop.fetch")
    journal.page("shop.pay")

    with ThreadPoolExecutor(1) as pool, journal._lock:
        pool.submit(write, journal, 0, 100).result(timeout=10)

    totals = journal.collect()
    assert sum(sum_of(totals, telemetry.CALLS, operation) for operation in OPERATIONS) == 300


def test_a_call_that_ends_in_the_midst_of_a_fold_is_folded_by_the_next() -> None:
    """As an abandoned one does, which the garbage collector ends wherever it runs."""
    journal = Journal()
    page = journal.page("shop.fetch")
    ended: list[object] = []

    class Abandoned(float):
        def __radd__(self, other: float) -> float:
            if not ended:
                ended.append(None)
                for _ in range(64):
                    page.call_began()
                    page.succeeded_at_once(0.5)
            return other + float(self)

    page.call_began()
    page.succeeded_at_once(Abandoned(0.5))
    journal.collect()

    assert sum_of(journal.collect(), telemetry.CALLS, "shop.fetch") == 65

"""The demo's answers: the same for a seed, and as often as their weights say."""

from collections import Counter

from retold.cli.demo.worlds.http.answers import Answer, choices
from tests.cli.demo.worlds.processes import SEED


def test_a_seed_chooses_the_same_answers_whatever_the_order_across_routes() -> None:
    one, other = choices(SEED), choices(SEED)

    papers = [one.answer("papers", 0.5) for _ in range(50)]
    authors = [one.answer("authors", 0.5) for _ in range(50)]
    mixed = [(other.answer("authors", 0.5), other.answer("papers", 0.5)) for _ in range(50)]

    assert mixed == list(zip(authors, papers, strict=True))
    assert papers != authors
    assert papers != [choices(SEED + 1).answer("papers", 0.5) for _ in range(50)]


def test_a_higher_failure_rate_changes_no_answer_that_already_failed() -> None:
    calm, rough = choices(SEED), choices(SEED)

    pairs = [(calm.answer("papers", 0.2), rough.answer("papers", 0.8)) for _ in range(200)]

    assert all(low is high for low, high in pairs if low is not Answer.OK)


def test_failures_follow_their_weights() -> None:
    all_fail = choices(SEED)

    seen = Counter(all_fail.answer("papers", 1.0) for _ in range(10_000))

    weights = {Answer.UNAVAILABLE: 4, Answer.RATE_LIMITED: 2, Answer.RESET: 2, Answer.STALL: 2}
    assert {answer: round(count / 1000) for answer, count in seen.items()} == weights

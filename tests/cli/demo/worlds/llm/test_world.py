"""The world of models: limits, overload and answers that stop half-way, and papers that are summarised all the same."""

from dataclasses import replace
from pathlib import Path

from retold.cli.demo.worlds.llm import summariser
from retold.cli.demo.worlds.llm.answers import Answer, choices
from retold.cli.demo.worlds.llm.world import LlmWorld
from tests.cli.demo.worlds.playing import SEED, play, setting

OPERATION = "papers.summarise"


async def test_every_attempt_is_a_request(tmp_path: Path) -> None:
    played = await play(LlmWorld, setting(tmp_path, failure_rate=0.5), papers=40)

    count, answers = played.operations[OPERATION], played.counts.requests["summaries"]
    assert count.attempts.total() == played.counts.total > 40
    assert count.attempts["success"] == count.calls["success"] == answers["ok"]
    assert sum(paper.summary is not None for paper in played.papers) == answers["ok"]
    assert count.calls.keys() <= {"success", "attempts_exhausted", "deadline_exceeded"}
    within = played.counts.total - answers.get("rate_limited", 0)
    chosen = choices(SEED)
    by_chance = [chosen.answer("summaries", 0.5) for _ in range(within)]
    assert {answer: by_chance.count(Answer(answer)) for answer in answers if answer != "rate_limited"} == {
        answer: number for answer, number in answers.items() if answer != "rate_limited"
    }
    assert answers["stall"] > 0
    total = played.counts.total
    told = f"{total} attempts at a summary are the {total} requests that the language model counted"
    assert (played.verdict.agree, played.verdict.told) == (True, told)


async def test_papers_come_back_when_the_limits_say_so(tmp_path: Path) -> None:
    played = await play(LlmWorld, setting(tmp_path, papers=1.8), papers=9)

    count, answers = played.operations[OPERATION], played.counts.requests["summaries"]
    assert answers["rate_limited"] > 0
    assert count.attempts.total() == answers["ok"] + answers["rate_limited"]
    assert count.calls["success"] == answers["ok"] >= 4
    assert count.longest_wait > 0.2


async def test_what_the_model_never_got_has_failed_here(tmp_path: Path) -> None:
    played = await play(LlmWorld, setting(tmp_path), papers=2)
    count = played.operations[OPERATION]
    assert count.attempts == {"success": 2}
    count.attempts["error"] = 3

    unsent = played.world.compare(played.counts, played.operations)
    more = played.world.compare(replace(played.counts, requests={"summaries": {"ok": 6}}), played.operations)
    fewer = played.world.compare(replace(played.counts, requests={"summaries": {"ok": 1}}), played.operations)

    assert (unsent.agree, more.agree, fewer.agree) == (True, False, False)
    counted = "5 attempts at a summary are the 2 requests that the language model counted"
    assert unsent.told == f"{counted}, and 3 that timed out before they were sent"
    assert more.told == "5 attempts at a summary, but 6 requests at the language model: they differ, which is a bug"


def test_only_what_may_pass_is_transient() -> None:
    assert not summariser.is_transient(ValueError())

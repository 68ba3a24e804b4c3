"""The world of servers: both sides count the same, and say so where they do not."""

from dataclasses import replace
from pathlib import Path

from retold.cli.demo.worlds.http.world import HttpWorld
from tests.cli.demo.worlds.playing import play, setting


async def test_every_attempt_is_a_request(tmp_path: Path) -> None:
    played = await play(HttpWorld, setting(tmp_path, failure_rate=0.5), papers=10)

    attempts = {operation: count.attempts.total() for operation, count in played.operations.items()}
    assert attempts == {operation: sum(answers.values()) for operation, answers in played.verdict.answers.items()}
    assert sum(attempts.values()) == played.counts.total > 40
    assert played.verdict.agree
    told = f"{played.counts.total} attempts here are the {played.counts.total} requests that the upstream counted"
    assert played.verdict.told == told
    assert any(paper.text for paper in played.papers)


async def test_a_difference_is_called_a_bug(tmp_path: Path) -> None:
    played = await play(HttpWorld, setting(tmp_path), papers=1)
    counts = replace(played.counts, requests={"papers": {"ok": 2}})

    verdict = played.world.compare(counts, played.operations)

    assert not verdict.agree
    assert verdict.told == "4 attempts here, but 2 requests at the upstream: they differ, which is a bug"

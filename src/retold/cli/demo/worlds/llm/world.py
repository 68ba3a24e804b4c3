"""The world of models: an API with limits, and what has papers summarised by it."""

from __future__ import annotations

from collections.abc import Mapping

from retold.cli.demo.tally import Count
from retold.cli.demo.worlds.held import Counted
from retold.cli.demo.worlds.llm.answers import Answer
from retold.cli.demo.worlds.llm.summariser import ATTEMPT_TIMEOUT, OPERATION, Summariser
from retold.cli.demo.worlds.world import Access, Paper, Setting, Step, Verdict, World, and_lost

_STALL = 4 * ATTEMPT_TIMEOUT
# A little more than papers need: their retries are what meets the limits.
_MARGIN = 2.5
_TOKENS = 20
"""Tokens of one paper, about."""


class LlmWorld(World):
    """Every attempt is a request that the model counts, but those that were timed out before they were sent."""

    name = "llm"
    title = "the language model"
    module = "retold.cli.demo.worlds.llm.server"
    file = "llm.json"
    operations = (OPERATION,)

    def options(self, setting: Setting) -> list[str]:
        requests = _MARGIN * setting.papers
        limits = [f"--requests-per-second={requests}", f"--tokens-per-second={requests * _TOKENS}"]
        return [f"--stall={_STALL}", *limits]

    @classmethod
    def steps(cls, access: Access) -> dict[str, Step]:
        summariser = Summariser(f"http://127.0.0.1:{access.ready['port']}")
        access.at_end.push_async_callback(summariser.close)

        async def summarise(paper: Paper) -> None:
            paper.summary = await summariser.summarise(f"{paper.title}. {paper.text}")

        return {OPERATION: summarise}

    def compare(self, counts: Counted, operations: Mapping[str, Count], again: int = 0) -> Verdict:
        answers = counts.requests.get("summaries", {})
        attempts, lost = operations[OPERATION].attempts, operations[OPERATION].lost_attempts
        requests = sum(answers.values())
        unsent = max(0, attempts.total() - requests)
        agree = (
            # A request that was not sent is an attempt that failed, and an answer that was not read in time is one too.
            requests <= attempts.total() + lost
            and unsent <= attempts.total() - attempts["success"]
            and attempts["success"] <= answers.get(Answer.OK, 0)
        )
        made = f"{attempts.total()} attempts at a summary"
        if not agree:
            told = f"{made}, but {requests} requests at the language model: they differ, which is a bug"
        else:
            made += and_lost(requests - attempts.total(), lost)
            told = f"{made} are the {requests} requests that the language model counted"
            if unsent:
                told += f", and {unsent} that timed out before they were sent"
        return Verdict(agree, told, {OPERATION: answers})

"""The demo's language model: an HTTP API with limits, which is overloaded at times, and at times stops in mid-answer.

It prints `{"port": N}` when it is ready. A request is counted when it has been read whole and before anything is
answered.
"""

import asyncio
import json
import math
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from retold.cli.demo.worlds.choices import Choices
from retold.cli.demo.worlds.connection import Connection, Opened, response, serve
from retold.cli.demo.worlds.counts import Counts
from retold.cli.demo.worlds.llm.answers import Answer, choices
from retold.cli.demo.worlds.llm.buckets import Limits
from retold.cli.demo.worlds.process import Parser, Weather, positive, seconds

_CHARACTERS_PER_TOKEN = 4
_SUMMARY_WORDS = 12


@dataclass(frozen=True, slots=True)
class Service:
    """Chooses the answers to requests and counts them."""

    choices: Choices[Answer]
    counts: Counts
    weather: Weather
    limits: Limits

    def answer(self, route: str, tokens: int) -> tuple[Answer, float]:
        """The answer, and the seconds that a request over the limits has to wait."""
        wait = self.limits.admit(tokens)
        answer = Answer.RATE_LIMITED if wait else self.choices.answer(route, self.weather.failure_rate)
        self.counts.add(route, answer)
        return answer, wait


class Client(Connection):
    """One customer's connection: the answers are carried out here.

    Args:
        service: Chooses them.
        stall: Seconds until a stalled connection is closed.
        opened: The connections that are open.
    """

    def __init__(self, service: Service, stall: float, opened: Opened) -> None:
        super().__init__("POST", stall, opened)
        self._service = service

    def answer(self, path: str, body: bytes) -> None:
        text = _text(body)
        answer, wait = self._service.answer(path.partition("/")[0], 1 + len(text) // _CHARACTERS_PER_TOKEN)
        headers = self._service.limits.headers()
        summary = " ".join(text.split()[:_SUMMARY_WORDS])
        match answer:
            case Answer.OK:
                self.respond(response("200 OK", *headers, summary=summary))
            case Answer.RATE_LIMITED:
                # Rounded up: whoever comes back that late is admitted.
                advice = f"retry-after-ms: {math.ceil(wait * 1000)}"
                self.respond(response("429 Too Many Requests", advice, *headers))
            case Answer.OVERLOADED:
                self.respond(response("529 Overloaded", *headers))
            case Answer.STALL:
                whole = response("200 OK", *headers, summary=summary)
                length = len(whole.partition(b"\r\n\r\n")[2])
                self.stall(whole[: len(whole) - length // 2])
            case _:
                assert_never(answer)


def _text(body: bytes) -> str:
    """What is to be summarised; whatever else is sent is taken for no text."""
    try:
        return str(json.loads(body)["text"])
    except (ValueError, KeyError, TypeError):
        return ""


def main() -> None:
    parser = Parser("retold.cli.demo.worlds.llm.server")
    parser.add_argument("--stall", type=seconds, required=True)
    parser.add_argument("--requests-per-second", type=positive, required=True)
    parser.add_argument("--tokens-per-second", type=positive, required=True)
    options = parser.parsed()
    with parser.failing_in_one_line():
        limits = Limits(options.requests_per_second, options.tokens_per_second, options.weather.now)
        counts = Counts(options.counts, options.seed)
        service = Service(choices(options.seed), counts, options.weather, limits)
        asyncio.run(serve(partial(Client, service, options.stall), options.weather, counts))


if __name__ == "__main__":
    main()

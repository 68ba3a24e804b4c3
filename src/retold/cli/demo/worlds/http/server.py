"""The demo's unreliable upstream: a real HTTP server that fails as often as it is told to.

It prints `{"port": N}` when it is ready. A request is counted when its header has been read whole and before anything
is answered, so that the counts equal the requests that arrived, whatever their clients saw.
"""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import assert_never

from retold.cli.demo.worlds.choices import Choices
from retold.cli.demo.worlds.connection import Connection, Opened, response, serve
from retold.cli.demo.worlds.counts import Counts
from retold.cli.demo.worlds.http.answers import Answer, choices
from retold.cli.demo.worlds.process import Parser, Weather, seconds

RESPONSES = {
    Answer.OK: response("200 OK"),
    Answer.UNAVAILABLE: response("503 Service Unavailable", "Retry-After: 1"),
    Answer.RATE_LIMITED: response("429 Too Many Requests", "Retry-After: 1"),
}


@dataclass(frozen=True, slots=True)
class Service:
    """Chooses the answers to requests and counts them."""

    choices: Choices[Answer]
    counts: Counts
    weather: Weather

    def answer(self, path: str) -> Answer:
        answer = self.choices.answer(path.partition("/")[0], self.weather.failure_rate)
        self.counts.add(path, answer)
        return answer


class Client(Connection):
    """One client's connection: the answers are carried out here.

    Args:
        service: Chooses them.
        stall: Seconds until a stalled connection is closed.
        opened: The connections that are open.
    """

    def __init__(self, service: Service, stall: float, opened: Opened) -> None:
        super().__init__("GET", stall, opened)
        self._service = service

    def answer(self, path: str, body: bytes) -> None:
        answer = self._service.answer(path)
        match answer:
            case Answer.OK | Answer.UNAVAILABLE | Answer.RATE_LIMITED:
                self.respond(RESPONSES[answer])
            case Answer.RESET:
                self.reset()
            case Answer.STALL:
                self.stall()
            case _:
                assert_never(answer)


def main() -> None:
    parser = Parser("retold.cli.demo.worlds.http.server")
    parser.add_argument("--stall", type=seconds, required=True)
    parser.add_argument("--requests", type=Path)
    options = parser.parsed()
    with parser.failing_in_one_line():
        with open(options.requests, "w", encoding="utf-8") if options.requests else nullcontext() as each:
            counts = Counts(options.counts, options.seed, each)
            service = Service(choices(options.seed), counts, options.weather)
            asyncio.run(serve(partial(Client, service, options.stall), options.weather, counts))


if __name__ == "__main__":
    main()

"""The world of servers: an upstream that fails in every way that HTTP has, and the crawler that asks it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from retold.cli.demo.tally import Count
from retold.cli.demo.worlds.held import Counted
from retold.cli.demo.worlds.http.crawler import READ_TIMEOUT, ROUTES, Crawler
from retold.cli.demo.worlds.world import Access, Paper, Setting, Step, Verdict, World, and_lost

_STALL = 4 * READ_TIMEOUT


class HttpWorld(World):
    """Every attempt is a request that the upstream counts."""

    name = "http"
    title = "the upstream"
    module = "retold.cli.demo.worlds.http.server"
    file = "upstream.json"
    operations = tuple(ROUTES)

    def options(self, setting: Setting) -> list[str]:
        written = [f"--requests={setting.folder / 'requests.jsonl'}"] if setting.requests else []
        return [f"--stall={_STALL}", *written]

    @classmethod
    def steps(cls, access: Access) -> dict[str, Step]:
        crawler = Crawler(f"http://127.0.0.1:{access.ready['port']}")
        access.at_end.push_async_callback(crawler.close)

        async def fetch(paper: Paper) -> None:
            paper.text = await crawler.fetch_paper(paper.number)

        return {
            "papers.fetch": fetch,
            "pdfs.download": lambda paper: access.threads.do(partial(crawler.download_pdf, paper.number)),
            "index.update": lambda paper: crawler.update_index(paper.number),
            "citations.find": lambda paper: crawler.find_citations(paper.number),
        }

    def compare(self, counts: Counted, operations: Mapping[str, Count], again: int = 0) -> Verdict:
        answers = {operation: counts.requests.get(route, {}) for operation, route in ROUTES.items()}
        requests = {operation: sum(answered.values()) for operation, answered in answers.items()}
        attempts = {operation: operations[operation].attempts.total() for operation in ROUTES}
        lost = {operation: operations[operation].lost_attempts for operation in ROUTES}
        made, seen = sum(attempts.values()), sum(requests.values())
        agree = all(0 <= requests[each] - attempts[each] <= lost[each] for each in ROUTES)
        if agree:
            also = and_lost(seen - made, sum(lost.values()))
            told = f"{made} attempts here{also} are the {seen} requests that the upstream counted"
        else:
            told = f"{made} attempts here, but {seen} requests at the upstream: they differ, which is a bug"
        return Verdict(agree, told, answers)

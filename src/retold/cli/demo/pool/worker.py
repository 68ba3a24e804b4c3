"""One of the demo's workers: a process that takes papers through the worlds, and says all that happens to its parent.

It is run as `python -m retold.cli.demo.pool.worker PIPE JOB` by `hired.Hired`, and lives until its stdin ends. However
the parent ends, the system closes that pipe, so a worker never outlives the demo.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from opentelemetry import context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import retold
from retold.cli.demo.pipeline import Pipeline
from retold.cli.demo.pool.relay import Done, Farewell, Outbox, Ready, Relay
from retold.cli.demo.traces import Traces
from retold.cli.demo.worlds.by_name import chosen
from retold.cli.demo.worlds.world import Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a worker is told when it starts.

    Args:
        worlds: The names of the worlds, and what each said when it was ready.
        folder: Theirs.
        exporters: Names of exporters.
        spans: The file that has the spans, where no endpoint is named; None if there are to be none.
        metrics: The folder that has the metrics of all workers.
    """

    worlds: dict[str, dict[str, Any]]
    folder: str
    exporters: list[str]
    spans: str | None
    metrics: str

    def __str__(self) -> str:
        return json.dumps(asdict(self))


class _Worker:
    def __init__(self, job: Job, outbox: Outbox) -> None:
        self._job = job
        self._outbox = outbox
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        job = self._job
        traces = None if job.spans is None else Traces(Path(job.spans), of_worker=True)
        retold.configure(exporters=[*job.exporters, Relay(self._outbox)])
        worlds = zip(chosen(job.worlds), job.worlds.values(), strict=True)
        async with Pipeline.through(worlds, Path(job.folder)) as pipeline:
            self._outbox.put(Ready())
            async for line in await _stdin():
                self._obey(pipeline, line.decode().strip())
            # The parent sees all papers to their end before it ends, unless it was killed: then a transaction that is
            # cut off would leave its journal.
            pipeline.stop()
            if self._under_way:
                await asyncio.wait(self._under_way)
        if traces is not None:
            traces.close()
        self._outbox.put(Farewell(traces.delivered, traces.lost) if traces else Farewell(0, 0))

    def _obey(self, pipeline: Pipeline, line: str) -> None:
        if line == "stop":
            pipeline.stop()
            return
        number, _, parent = line.partition(" ")
        task = asyncio.create_task(self._take(pipeline, Paper(int(number)), parent))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _take(self, pipeline: Pipeline, paper: Paper, parent: str) -> None:
        context.attach(TraceContextTextMapPropagator().extract({"traceparent": parent}))
        await pipeline.take(paper)
        self._outbox.put(Done(paper.number))


async def _stdin() -> asyncio.StreamReader:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    return lines


def main() -> None:
    # A terminal's Ctrl-C goes to every process on it; the parent ends this one when it is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe, job = sys.argv[1:]
    asyncio.run(_Worker(Job(**json.loads(job)), Outbox(int(pipe))).run())


if __name__ == "__main__":
    main()

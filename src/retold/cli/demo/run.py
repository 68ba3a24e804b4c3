"""One run of the demo: everything is started, called, told, stopped and compared here.

All of it happens inside of one event loop, in which SIGINT and SIGTERM are a wish to stop, so nothing is ever cut
off half-way.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import retold
from retold.cli import signals
from retold.cli.demo.endpoint import Endpoint
from retold.cli.demo.kept import KeptError
from retold.cli.demo.lines import Lines
from retold.cli.demo.load import Load, Taker
from retold.cli.demo.monitoring import Monitoring, Programs
from retold.cli.demo.options import Options
from retold.cli.demo.parts import SPANS, Parts
from retold.cli.demo.pipeline import Pipeline
from retold.cli.demo.pool import metrics
from retold.cli.demo.pool.pool import OPERATION, Pool, PoolError
from retold.cli.demo.pool.worker import Job
from retold.cli.demo.results import Results
from retold.cli.demo.screen import Screen
from retold.cli.demo.tally import Tally
from retold.cli.demo.traces import Traces
from retold.cli.demo.worlds.by_name import chosen
from retold.cli.demo.worlds.held import WorldError
from retold.cli.demo.worlds.world import Setting, Verdict, World
from retold.cli.output import close_output, is_terminal
from retold.cli.parser import Parser

if TYPE_CHECKING:
    from retold.cli.demo.live import Live

_FAILURES = (WorldError, PoolError, KeptError, OSError)


def run(parser: Parser, options: Options) -> int:
    """Run the demo; return its exit status: 1 if what it counted and what its worlds counted differ."""
    try:
        return asyncio.run(_Run(parser, options).main())
    except BrokenPipeError:
        # Nobody reads on, as in `retold demo | head`.
        close_output()
        return 0
    except _FAILURES as error:
        close_output()
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 1


class _Run:
    def __init__(self, parser: Parser, options: Options) -> None:
        self._parser = parser
        self._options = options
        self._screen = Screen(plain=options.plain)
        self._worlds = chosen(options.worlds)
        self._called = [operation for world in self._worlds for operation in world.operations]
        self._operations = [*self._called, *([OPERATION] if options.workers else [])]
        self._tally = Tally(self._operations, options.incident)
        self._stop = asyncio.Event()
        self._monitoring: Monitoring | None = None
        self._pool: Pool | None = None
        self._shown = self._how()
        self._listeners = [self._tally, *self._shown.listeners]

    def _how(self) -> Live | Lines:
        options, screen = self._options, self._screen
        if options.plain or not is_terminal():
            return Lines(screen, self._tally, options.incident)
        # Not where there is no terminal, for there may be no terminals at all.
        from retold.cli.demo.live import Live

        return Live(options, self._operations, screen, self._stop.set)

    async def main(self) -> int:
        signals.set_instead(self._stop)
        with ExitStack() as at_end:
            parts = Parts(self._parser, self._options, at_end)
            programs = parts.programs()
            folder = parts.folder()
            shared = parts.shared(folder)
            retold.configure(exporters=[*self._options.exporters, *self._listeners])
            endpoint = parts.endpoint()
            traces = parts.traces(folder)
            setting = self._setting(folder)
            # All at once, and then wait for each: they take as long as the slowest.
            worlds = [at_end.enter_context(world(setting)) for world in self._worlds]
            for world in worlds:
                world.wait_until_ready()
            if programs is not None and endpoint is not None:
                self._monitoring = at_end.enter_context(self._monitor(programs, folder, endpoint))
            async with self._taker(worlds, folder, traces, shared) as taker:
                self._greet(folder, endpoint, traces)
                held_back = await self._call(worlds, taker, "" if endpoint is None else endpoint.url)
            await self._linger()
            self._check(worlds)
            results = Results(self._tally, self._verdicts(worlds), held_back)
            if traces is not None:
                traces.close()
            results.write(folder, traces, metrics.registry())
            self._screen.results(results, traces)
            return 0 if results.agree else 1

    def _setting(self, folder: Path) -> Setting:
        options = self._options
        return Setting(
            folder=folder,
            seed=options.seed,
            failure_rate=options.failure_rate,
            papers=options.rate / len(self._called),
            incident=options.incident,
            requests=options.requests,
        )

    def _monitor(self, programs: Programs, folder: Path, endpoint: Endpoint) -> Monitoring:
        scale = self._options.time_scale
        return Monitoring(programs, folder / "prometheus", endpoint.target, self._shown.alert, time_scale=scale)

    def _greet(self, folder: Path, endpoint: Endpoint | None, traces: Traces | None) -> None:
        say, options = self._screen.say, self._options
        say(f"{options.rate:g} calls a second in the worlds {', '.join(options.worlds)}")
        if options.workers:
            say(f"{options.workers} worker processes")
        say(f"{options.failure_rate:.0%} of what they are asked fails (--seed {options.seed})")
        for world in options.worlds_left_out:
            say(f"no {world}: that world needs a pseudo-terminal, which this system does not have")
        if endpoint is not None:
            moved = ", for the default port is in use" if endpoint.moved else ""
            say(f"metrics: {endpoint.url}{moved}")
        if traces is not None:
            say(f"traces:  {traces.destination}")
        if self._monitoring is not None:
            say(f"prometheus:   {self._monitoring.prometheus_url}/graph and {self._monitoring.prometheus_url}/alerts")
            say(f"alertmanager: {self._monitoring.alertmanager_url}")
        say(f"files:   {folder}")
        say("Ctrl-C ends it" if options.duration is None else f"it ends after {options.duration:g} s, or with Ctrl-C")

    @asynccontextmanager
    async def _taker(
        self, worlds: Sequence[World], folder: Path, traces: Traces | None, shared: Sequence[int]
    ) -> AsyncGenerator[Taker, None]:
        """Who takes papers through the worlds, which are ready: this process, or workers."""
        if not self._options.workers:
            async with Pipeline.through([(type(world), world.ready) for world in worlds], folder) as pipeline:
                yield pipeline
            return
        job = Job(
            worlds={world.name: world.ready for world in worlds},
            folder=str(folder),
            exporters=list(self._options.exporters),
            spans=None if traces is None else str(folder / SPANS),
            metrics=str(folder / metrics.FOLDER),
        )
        async with Pool(self._options.workers, job, self._listeners, self._shown.event, shared) as self._pool:
            await self._pool.wait_until_ready()
            yield self._pool
        if traces is not None:
            traces.add(self._pool.spans_delivered, self._pool.spans_lost)

    def _verdicts(self, worlds: Sequence[World]) -> dict[str, Verdict]:
        """What each world, and the pool, makes of the counts."""
        pool, operations = self._pool, self._tally.operations
        again = 0 if pool is None else pool.lost
        verdicts = {world.name: world.close(operations, again) for world in worlds}
        return verdicts if pool is None else verdicts | {"workers": pool.compare(operations)}

    async def _call(self, worlds: Sequence[World], taker: Taker, url: str) -> int:
        load = Load(taker, self._options.rate / len(self._called))
        for world in worlds:
            world.begin()
        self._tally.begin()
        showing = asyncio.create_task(self._show(worlds, url))
        stopping = asyncio.create_task(self._stop_when_asked(load))
        try:
            await load.run(self._options.duration)
        finally:
            for task in (showing, stopping):
                task.cancel()
            await asyncio.wait((showing, stopping))
        # What ended the showing early is a failure of the run, such as a pipe that nobody reads.
        if not showing.cancelled():
            showing.result()
        return load.held_back

    async def _stop_when_asked(self, load: Load) -> None:
        await self._stop.wait()
        load.stop()

    async def _show(self, worlds: Sequence[World], url: str) -> None:
        try:
            await self._shown.show(worlds, self._pool, url, lambda: self._check(worlds))
        except _FAILURES:
            self._stop.set()
            raise

    def _check(self, worlds: Sequence[World]) -> None:
        for world in worlds:
            world.check()
        if self._pool is not None:
            self._pool.check()
        if self._monitoring is not None:
            self._monitoring.check()

    async def _linger(self) -> None:
        if self._options.linger and not self._stop.is_set():
            self._screen.say(f"serving /metrics for another {self._options.linger:g} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._options.linger)

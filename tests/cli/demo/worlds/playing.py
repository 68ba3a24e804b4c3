"""One world, played: its process, its client, and papers that are taken through it."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import retold
from retold.cli.demo.clock import CLOCK
from retold.cli.demo.incident import Incident
from retold.cli.demo.tally import Count, Tally
from retold.cli.demo.threads import Threads
from retold.cli.demo.worlds.held import Counted
from retold.cli.demo.worlds.world import Access, Paper, Setting, Step, Verdict, World

SEED = 7


@dataclass(frozen=True)
class Played:
    """A world that is over."""

    world: World
    papers: list[Paper]
    counts: Counted
    operations: dict[str, Count]
    verdict: Verdict


def setting(folder: Path, failure_rate: float = 0.0, papers: float = 50.0, incident: Incident | None = None) -> Setting:
    return Setting(folder=folder, seed=SEED, failure_rate=failure_rate, papers=papers, incident=incident)


async def play(world_type: type[World], given: Setting, papers: int) -> Played:
    """Take papers through all steps of a world, a few at once."""
    # Its event belongs to the loop in which it was waited for first, and each test has its own.
    CLOCK._stopped_async = asyncio.Event()
    tally = Tally(list(world_type.operations), None)
    some = asyncio.Semaphore(8)

    async def take(step: Step, paper: Paper) -> None:
        async with some:
            try:
                await step(paper)
            except Exception:
                return

    with world_type(given) as world, retold.configure(exporters=[tally]):
        world.wait_until_ready()
        world.begin()
        made = [Paper(number) for number in range(papers)]
        async with AsyncExitStack() as at_end:
            threads = Threads()
            at_end.callback(threads.close)
            steps = world.steps(Access(given.folder, world.ready, threads, at_end))
            assert tuple(steps) == world_type.operations
            await asyncio.gather(*(take(step, paper) for paper in made for step in steps.values()))
        world.check()
        verdict = world.close(tally.operations)
        return Played(world, made, world._held.close(), tally.operations, verdict)

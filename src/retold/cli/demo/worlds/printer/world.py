"""The world of hardware: a label printer on a serial line, and what has labels printed on it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from retold.cli.demo.tally import Count
from retold.cli.demo.threads import Threads
from retold.cli.demo.worlds.held import Counted
from retold.cli.demo.worlds.printer.answers import PRINTING
from retold.cli.demo.worlds.printer.labels import ANSWER_TIMEOUT, OPERATION, Labels
from retold.cli.demo.worlds.world import Paper, Setting, Step, Verdict, World

_LATE = 1.5 * ANSWER_TIMEOUT
_GONE = 0.25


class PrinterWorld(World):
    """Every frame that came through whole is an attempt, and every call that succeeded is a label on paper."""

    name = "printer"
    title = "the label printer"
    module = "retold.cli.demo.worlds.printer.device"
    file = "printer.json"
    operations = (OPERATION,)

    def options(self, setting: Setting) -> list[str]:
        return [f"--device={_path(setting)}", f"--late={_LATE}", f"--gone={_GONE}"]

    def steps(self, threads: Threads, at_end: AsyncExitStack) -> dict[str, Step]:
        labels = Labels(_path(self._setting))

        def printed(paper: Paper) -> partial[None]:
            return partial(labels.print, paper.number, paper.title)

        return {OPERATION: lambda paper: threads.do(printed(paper))}

    def compare(self, counts: Counted, operations: Mapping[str, Count]) -> Verdict:
        answers = counts.requests.get("labels", {})
        attempts, calls = operations[OPERATION].attempts, operations[OPERATION].calls
        frames = sum(answers.values())
        printed = sum(answers.get(answer, 0) for answer in PRINTING)
        # A printer that is gone receives nothing; a label may be printed whose answer was never read.
        agree = frames <= attempts.total() and calls["success"] <= printed <= calls.total()
        told = f"{calls['success']} calls know of their label and {printed} labels were printed"
        if agree:
            told += f", each once; {frames} of {attempts.total()} attempts came through to the printer"
        else:
            told += f" in {frames} frames of {attempts.total()} attempts: they differ, which is a bug"
        return Verdict(agree, told, {OPERATION: answers})

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        # A device that was killed has left its link.
        _path(self._setting).unlink(missing_ok=True)


def _path(setting: Setting) -> Path:
    return setting.folder / "printer"

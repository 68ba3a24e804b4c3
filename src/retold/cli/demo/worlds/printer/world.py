"""The world of hardware: a label printer on a serial line, and what has labels printed on it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from retold.cli.demo.tally import Count
from retold.cli.demo.worlds.held import Counted
from retold.cli.demo.worlds.printer.answers import PRINTING
from retold.cli.demo.worlds.printer.labels import ANSWER_TIMEOUT, OPERATION, Labels
from retold.cli.demo.worlds.world import Access, Paper, Setting, Step, Verdict, World

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
        return [f"--device={_path(setting.folder)}", f"--late={_LATE}", f"--gone={_GONE}"]

    @classmethod
    def steps(cls, access: Access) -> dict[str, Step]:
        labels = Labels(_path(access.folder))

        def printed(paper: Paper) -> partial[None]:
            return partial(labels.print, paper.number, paper.title)

        return {OPERATION: lambda paper: access.threads.do(printed(paper))}

    def compare(self, counts: Counted, operations: Mapping[str, Count], again: int = 0) -> Verdict:
        answers = counts.requests.get("labels", {})
        count = operations[OPERATION]
        frames, attempts = sum(answers.values()), count.attempts.total()
        known, printed = count.calls["success"], sum(answers.get(answer, 0) for answer in PRINTING)
        # A printer that is gone receives nothing; a label may be printed whose answer was never read.
        agree = (
            frames <= attempts + count.lost_attempts
            and known - again <= printed <= count.calls.total() + count.lost_calls
        )
        told = f"{known} calls know of their label and {printed} labels were printed"
        if agree:
            told += f", each once; {frames} of {attempts} attempts came through to the printer"
        else:
            told += f" in {frames} frames of {attempts} attempts: they differ, which is a bug"
        return Verdict(agree, told, {OPERATION: answers})

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        # A device that was killed has left its link.
        _path(self._setting.folder).unlink(missing_ok=True)


def _path(folder: Path) -> Path:
    return folder / "printer"

"""The demo's label printer: a serial device, behind a pseudo-terminal whose other side is a program's to open.

It is under a path that stays the same, a link, however often it vanishes and comes back. It prints `{}` when it is
plugged in. It counts every frame that it has received whole by what it did with it: `ok`, or `ok_again` where the label
had been printed before. So those of `ok`, `late` and `garbled` without `_again` are the labels on paper.
"""

import asyncio
import os
import pty
import tty
from contextlib import suppress
from pathlib import Path
from typing import assert_never

from retold.cli.demo.worlds.choices import Choices
from retold.cli.demo.worlds.counts import Counts
from retold.cli.demo.worlds.printer.answers import PRINTING, Answer, choices
from retold.cli.demo.worlds.printer.line import LENGTH_LIMIT_BYTES, framed, garbled, mark, words_of
from retold.cli.demo.worlds.process import Parser, Weather, live, seconds


class Printer:
    """Chooses what to do with frames, does it, and counts it."""

    def __init__(self, choices: Choices[Answer], counts: Counts, weather: Weather) -> None:
        self._choices = choices
        self._counts = counts
        self._weather = weather
        self._printed: set[str] = set()

    def receive(self, number: str) -> Answer:
        """What is done with a frame that asks for a label: it has been done, and counted."""
        answer = self._choices.answer("labels", self._weather.failure_rate)
        is_repeated = answer in PRINTING and number in self._printed
        if answer in PRINTING:
            self._printed.add(number)
        self._counts.add("labels", f"{answer}_again" if is_repeated else answer)
        return answer


class Port:
    """The pseudo-terminal, and what goes over it.

    Args:
        printer: Receives the frames.
        path: Where the terminal is linked to.
        late: Seconds until a late answer.
        gone: Seconds until a printer that has vanished is back.
    """

    def __init__(self, printer: Printer, path: Path, *, late: float, gone: float) -> None:
        self._printer = printer
        self._path = path
        self._late = late
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._unread = b""
        self._sides: tuple[int, int] | None = None
        self._coming: asyncio.TimerHandle | None = None

    def plug_in(self) -> None:
        # The other side stays open here too: else this one would fail whenever no program has it open.
        self._sides = side, other = pty.openpty()
        # As a cable: no echo, no translation.
        tty.setraw(other)
        os.set_blocking(side, False)
        mark(other, self._path)
        self._path.symlink_to(os.ttyname(other))
        self._loop.add_reader(side, self._read)

    def unplug(self) -> None:
        """Whoever has it open sees a hangup."""
        if self._coming is not None:
            self._coming.cancel()
        if self._sides is not None:
            self._path.unlink()
            self._loop.remove_reader(self._sides[0])
            for side in self._sides:
                os.close(side)
            self._sides = None
        self._unread = b""

    def _read(self) -> None:
        assert self._sides
        self._unread += os.read(self._sides[0], 4096)
        # An answer may be to vanish, and then nothing is unread any more.
        while b"\n" in self._unread:
            line, _, self._unread = self._unread.partition(b"\n")
            self._answer(line)
        # What has no end is no frame.
        self._unread = self._unread[-LENGTH_LIMIT_BYTES:]

    def _answer(self, line: bytes) -> None:
        command, _, rest = (words_of(line) or "").partition(" ")
        number = rest.partition(" ")[0]
        if command != "PRINT" or not number:
            self._write(framed("BAD"))
            return
        answer = self._printer.receive(number)
        done = framed(f"OK {number}")
        match answer:
            case Answer.OK:
                self._write(done)
            case Answer.LATE:
                self._loop.call_later(self._late, self._write, done)
            case Answer.GARBLED:
                self._write(garbled(done))
            case Answer.BUSY:
                self._write(framed(f"BUSY {number}"))
            case Answer.BAD:
                self._write(framed("BAD"))
            case Answer.DROPPED:
                pass
            case Answer.GONE:
                self.unplug()
                self._coming = self._loop.call_later(self._gone, self.plug_in)
            case _:
                assert_never(answer)

    def _write(self, frame: bytes) -> None:
        # Answers that nobody reads fill the line, and then are lost, as on a cable.
        with suppress(BlockingIOError):
            if self._sides is not None:
                os.write(self._sides[0], frame)


async def run(printer: Printer, path: Path, weather: Weather, counts: Counts, *, late: float, gone: float) -> None:
    port = Port(printer, path, late=late, gone=gone)
    port.plug_in()
    try:
        await live(weather, counts)
        counts.write()
    finally:
        port.unplug()


def main() -> None:
    parser = Parser("retold.cli.demo.worlds.printer.device")
    parser.add_argument("--device", type=Path, required=True)
    parser.add_argument("--late", type=seconds, required=True)
    parser.add_argument("--gone", type=seconds, required=True)
    options = parser.parsed()
    with parser.failing_in_one_line():
        counts = Counts(options.counts, options.seed)
        printer = Printer(choices(options.seed), counts, options.weather)
        asyncio.run(run(printer, options.device, options.weather, counts, late=options.late, gone=options.gone))


if __name__ == "__main__":
    main()

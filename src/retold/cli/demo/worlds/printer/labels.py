"""What has labels printed: one job, over a serial line on which anything may happen."""

from __future__ import annotations

import fcntl
import os
import select
import termios
import threading
import time
import tty
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import retold
from retold.cli.demo.clock import CLOCK
from retold.cli.demo.worlds.printer.line import LENGTH_LIMIT_BYTES, framed, is_marked, words_of

OPERATION = "labels.print"

ANSWER_TIMEOUT = 0.25
"""Seconds that the printer has to answer."""

_TURN_INTERVAL = 0.05
_LOCK_INTERVAL = 0.005


class PrinterError(OSError):
    """A label that may not have been printed."""


class PrinterGoneError(PrinterError):
    """There is no printer, or no longer."""


class PrinterSilentError(PrinterError):
    """No answer came in time."""


class PrinterBusyError(PrinterError):
    """The printer asked for patience."""


class GarbledError(PrinterError):
    """A line came through wrong: ours there, or the answer here."""


printing = retold.Policy(
    on=PrinterError,
    attempts=7,
    timeout=5,
    backoff=retold.Exponential(0.1, cap=0.5),
    operation=OPERATION,
    clock=CLOCK,
)


class Labels:
    """Prints labels on the printer at `path`, one at a time, for any number of threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()

    def print(self, number: int, title: str) -> None:
        """A block. The number makes it safe to ask again: the printer prints each but once."""
        for attempt in printing:
            with attempt:
                with self._own_turn(), self._open() as line:
                    _exchange(line, number, title)

    @contextmanager
    def _own_turn(self) -> Generator[None, None, None]:
        """There is one line, so an attempt may have to queue; but not when all is to end."""
        while not self._turn.acquire(timeout=_TURN_INTERVAL):
            CLOCK.check()
        try:
            with self._own_turn_among_processes():
                CLOCK.check()
                yield
        finally:
            self._turn.release()

    @contextmanager
    def _own_turn_among_processes(self) -> Generator[None, None, None]:
        # The folder is locked, and not a file that would have to be removed. The system unlocks it for who is killed.
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            while not _is_locked(folder):
                CLOCK.sleep(_LOCK_INTERVAL)
            yield
        finally:
            os.close(folder)

    @contextmanager
    def _open(self) -> Generator[int, None, None]:
        """The line, opened and made raw; whatever the system says of it means that the printer is gone."""
        try:
            line = os.open(self._path, os.O_RDWR | os.O_NOCTTY)
            try:
                if not is_marked(line, self._path):
                    raise PrinterGoneError("its terminal is another's by now")
                tty.setraw(line)
                # Late answers to earlier questions.
                termios.tcflush(line, termios.TCIFLUSH)
                yield line
            finally:
                os.close(line)
        except PrinterError:
            raise
        except (OSError, termios.error) as error:
            raise PrinterGoneError(*error.args) from error


def _is_locked(folder: int) -> bool:
    """Lock it, if nobody else has."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _exchange(line: int, number: int, title: str) -> None:
    os.write(line, framed(f"PRINT {number} {title}"))
    deadline = time.monotonic() + ANSWER_TIMEOUT
    unread = b""
    while True:
        while b"\n" not in unread:
            unread = (unread + _read(line, deadline))[-LENGTH_LIMIT_BYTES:]
        answer, _, unread = unread.partition(b"\n")
        words = words_of(answer)
        if words is None:
            raise GarbledError("the answer came through wrong")
        said, _, of = words.partition(" ")
        if said == "BAD":
            raise GarbledError("the printer could not read the line")
        # What is about another label is the late answer to an earlier question.
        if of == str(number):
            if said == "OK":
                return
            raise PrinterBusyError("the printer is busy")


def _read(line: int, deadline: float) -> bytes:
    """More of what the printer says."""
    # Not `select.select`, which knows no file descriptors above 1023.
    poll = select.poll()
    poll.register(line, select.POLLIN)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise PrinterSilentError(f"the printer did not answer within {ANSWER_TIMEOUT:g} s")
    some = os.read(line, LENGTH_LIMIT_BYTES)
    if not some:
        raise PrinterGoneError("the printer hung up")
    return some

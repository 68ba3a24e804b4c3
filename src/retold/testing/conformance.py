"""The check of exporters: every lifecycle of a call, and what an exporter does meanwhile."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial

from retold.exporter import Exporter
from retold.settings import configure
from retold.testing.circumstances import CIRCUMSTANCES
from retold.testing.endings import ENDINGS
from retold.testing.endurance import GROWS, forks, grows, mixes
from retold.testing.faults import ExporterFaults, Found
from retold.testing.lifecycle import Lifecycle
from retold.testing.stage import FORGOTTEN
from retold.testing.watched import Pace, Watched, watch

SLOW, OFTEN = 0.05, 5
"""Seconds, and times. A method that needed more, so often, has the caller wait for something."""


def check_exporter(
    factory: Callable[[], Exporter],
    *,
    written: Callable[[], Iterable[object]] | None = None,
    keeps_events: bool = False,
    patience: float = 10.0,
) -> None:
    """Run an exporter through every lifecycle of a call, and raise a report of what it does wrong.

    For the tests of those who write exporters. Success, recovery, every way to fail, cancellation, blocks, nesting,
    threads, tasks, a fork, closing twice: in none of them may it raise, wait, change a call, an event or the
    context, keep anything, or mix calls up. No time passes but the exporter's own. While it runs, all calls of this
    process are told to the exporter under check and to no other.

    Args:
        factory: Makes the exporter, anew for each lifecycle: its class, or a function.
        written: What all exporters of the factory have written so far, if you can tell, without times and ids. With
            it, calls at the same time are compared to the same calls one after the other, and memory may grow.
        keeps_events: Whether it keeps events on purpose, as one for tests does; what it keeps is then not checked.
        patience: Seconds without anything told after which the exporter counts as hanging, and the check ends.

    Raises:
        ExporterFaults: An `AssertionError` with the report; its `faults` are the entries.
        TypeError: The factory makes no exporter.
    """
    waived = {FORGOTTEN, GROWS} if keeps_events else {GROWS} if written else set()
    check = _Check(factory, Found(frozenset(waived)), patience)
    check.run(written)
    if faults := check.found.faults():
        raise ExporterFaults(check.name, faults)


class _Check:
    def __init__(self, factory: Callable[[], Exporter], found: Found, patience: float) -> None:
        self.found = found
        self.name = ""
        self._factory = factory
        self._patience = patience
        self._paces: dict[str, Pace] = {}

    def _watched(self) -> Watched:
        factory: object = self._factory
        made = factory() if callable(factory) else factory
        if made is factory or not isinstance(made, Exporter):
            raise TypeError(f"the factory must make a retold.Exporter: pass its class or a function, not {made!r}")
        self.name = type(made).__qualname__
        return watch(made, self.found, self._paces)

    def run(self, written: Callable[[], Iterable[object]] | None) -> None:
        """Go through everything; no further if the exporter hangs or is slow, for whatever follows would wait too."""
        plays: dict[str, Lifecycle] = {**ENDINGS, **CIRCUMSTANCES}
        if hasattr(os, "fork"):
            plays["a process is forked while a call runs"] = partial(forks, patience=self._patience / 2)
        plays["many calls, one after the other"] = partial(grows, another=self._watched)
        if written is not None:
            plays["calls at the same time, and what is written of them"] = partial(mixes, written=written)
        for name, play in plays.items():
            if not self._comes_out_of(name, play) or self._is_slow():
                return

    def _wait_for(self, thread: threading.Thread) -> None:
        """Wait for its end, as long as the exporter is told something now and then."""
        told = None
        while thread.is_alive() and told != self._told():
            told = self._told()
            thread.join(self._patience)

    def _told(self) -> int:
        return sum(pace.told for pace in list(self._paces.values()))

    def _is_slow(self) -> bool:
        slow = {method: pace for method, pace in self._paces.items() if pace.told >= OFTEN and pace.fastest > SLOW}
        for method, pace in slow.items():
            happened = f"it took {pace.fastest:.2f} s at best, told {pace.told} times"
            self.found.add(f"{method} returns at once, for the caller waits", happened)
        return bool(slow)

    def _comes_out_of(self, lifecycle: str, play: Lifecycle) -> bool:
        """Whether an exporter of its own goes through one lifecycle and returns."""
        self.found.lifecycle = lifecycle
        watched = self._watched()
        if not watched.is_awake():
            watched.close()
            return False
        done: Future[None] = Future()

        def run() -> None:
            try:
                play(self.found, watched)
                watched.close()
            except BaseException as error:  # noqa: BLE001 - raised by whoever waits for it
                done.set_exception(error)
            else:
                done.set_result(None)

        thread = threading.Thread(target=run, daemon=True)
        with configure(exporters=[watched]):
            thread.start()
            self._wait_for(thread)
        if thread.is_alive():
            inside = " and ".join(sorted(set(watched.inside.values()))) or "a call"
            self.found.add("every method returns", f"{inside} has not returned after {self._patience:g} s")
            return False
        done.result()
        return True

"""The journal of the process: a page for every operation, and the one lock under which they are read."""

from __future__ import annotations

from collections.abc import Callable

from retold import telemetry
from retold.journal.lock import Lock, at_fork
from retold.journal.page import Page
from retold.journal.totals import Exemplar, Labels, Observations, Totals, Value
from retold.telemetry import Metric

TAPE_LIMIT = 65536
"""Values on the tape at which it is played to its reader without waiting for a collection."""


class Journal:
    """Pages by operation, at most `MAX_OPERATIONS` of called ones; calls beyond share the page `_OTHER`.

    Attributes:
        readers: The names of the exporters that read it.
    """

    def __init__(self) -> None:
        self.readers: frozenset[str] = frozenset()
        self._pages: dict[str, Page] = {}
        self._limits: dict[str, int] = {}
        self._tape: list[Observations] = []
        self._tape_length = 0
        self._play: Callable[[list[Observations]], None] | None = None
        self._exporter_failures: dict[str, int] = {}
        self._overflows = dict.fromkeys((telemetry.OPERATION, telemetry.ERROR_TYPE), 0)
        # Reentrant, because the garbage collector may end an abandoned call in the midst of a fold.
        self._lock = Lock()
        self._folding = False

    def register(self, operation: str, max_attempts: int | None = None) -> None:
        """Make an operation known, so that its counters exist at 0 before its first call."""
        with self._lock:
            if operation not in self._pages and len(self._pages) < telemetry.MAX_OPERATIONS:
                self._pages[operation] = self._new_page(operation)
            if operation in self._pages and max_attempts is not None:
                self._limits[operation] = max_attempts

    def page(self, operation: str) -> Page:
        """The page that a call of this operation writes on."""
        page = self._pages.get(operation)
        if page is not None and page.called:
            return page
        with self._lock:
            return self._admit(operation)

    def exporter_known(self, name: str) -> None:
        """Have the failures of this exporter exist at 0."""
        with self._lock:
            self._exporter_failures.setdefault(self._exporter_label(name), 0)

    def exporter_failed(self, name: str) -> None:
        """Count an exception that an exporter raised."""
        with self._lock:
            label = self._exporter_label(name)
            self._exporter_failures[label] = self._exporter_failures.get(label, 0) + 1

    def show(self, operation: str, metric: Metric, outcome: str, exemplar: Exemplar) -> None:
        """Show a sampled span beside the bucket of `metric` that it fell into."""
        page = self._pages.get(operation) or self._pages.get(telemetry.OTHER)
        if page is not None:
            page.show(metric, outcome, exemplar)

    def fold(self, page: Page) -> None:
        """Fold one page, unless somebody is at it: then they, or the next reader, take these entries too."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._fold([page])
            play, tape = self._play, self._take_long_tape()
        finally:
            self._lock.release()
        if play and tape:
            play(tape)

    def collect(self) -> Totals:
        """Fold everything and read it: all numbers of one moment, by metric and labels."""
        with self._lock:
            totals = self._read()
            play, tape = self._play, self._take_long_tape()
        if play and tape:
            play(tape)
        return totals

    def collect_with_tape(self) -> tuple[Totals, list[Observations]]:
        """The same for the backend of the tape, with what was observed since the last time, of the same moment."""
        with self._lock:
            return self._read(), self._take_tape()

    def record_tape(self, play: Callable[[list[Observations]], None] | None) -> None:
        """Keep every value of a histogram for `play`, a backend that aggregates itself; None ends it.

        `play` is called by whoever folds when the tape is full, and else its owner calls `collect_with_tape`;
        either way it sees every observation once.
        """
        with self._lock:
            self._play = play
            self._take_tape()

    def restart(self) -> None:
        """Start from zero, as a forked child does; pages in use stay in use."""
        self._folding = False
        self._take_tape()
        for page in self._pages.values():
            page.clear()
        self._exporter_failures = dict.fromkeys(self._exporter_failures, 0)
        self._overflows = dict.fromkeys(self._overflows, 0)

    def forget(self) -> None:
        """Forget every operation. For tests: the metrics of a process only ever grow."""
        with self._lock:
            self._pages.clear()
            self._limits.clear()
            self._exporter_failures.clear()
            self.restart()

    def _read(self) -> Totals:
        totals: dict[Metric, dict[Labels, Value]] = {metric: {} for metric in telemetry.METRICS}
        pages = list(self._pages.values())
        self._fold(pages)
        for page in pages:
            for metric, series in page.read().items():
                totals[metric].update(series)
        totals[telemetry.MAX_ATTEMPTS].update({(name,): limit for name, limit in self._limits.items()})
        totals[telemetry.EXPORTER_FAILURES].update({(name,): count for name, count in self._exporter_failures.items()})
        totals[telemetry.LABEL_OVERFLOWS].update({(key,): count for key, count in self._overflows.items()})
        return totals

    def _fold(self, pages: list[Page]) -> None:
        if self._folding:
            return
        self._folding = True
        try:
            for page in pages:
                self._overflows[telemetry.ERROR_TYPE] += page.fold()
        finally:
            self._folding = False

    def _admit(self, operation: str) -> Page:
        page = self._pages.get(operation)
        if page is None and len(self._pages) >= telemetry.MAX_OPERATIONS and not self._make_room():
            self._overflows[telemetry.OPERATION] += 1
            operation = telemetry.OTHER
            page = self._pages.get(operation)
        if page is None:
            page = self._pages[operation] = self._new_page(operation)
        page.called = True
        return page

    def _make_room(self) -> bool:
        """Forget an operation that is known but was never called, if there is one."""
        for name, page in self._pages.items():
            if not page.called:
                del self._pages[name]
                self._limits.pop(name, None)
                return True
        return False

    def _new_page(self, operation: str) -> Page:
        return Page(operation, self.fold, self._observed)

    def _observed(self, observations: Observations) -> None:
        if self._play is not None:
            self._tape.append(observations)
            self._tape_length += len(observations.values)

    def _take_tape(self) -> list[Observations]:
        tape, self._tape, self._tape_length = self._tape, [], 0
        return tape

    def _take_long_tape(self) -> list[Observations]:
        return self._take_tape() if self._tape_length >= TAPE_LIMIT else []

    def _exporter_label(self, name: str) -> str:
        known = self._exporter_failures
        return name if name in known or len(known) < telemetry.MAX_EXPORTERS else telemetry.OTHER


JOURNAL = Journal()
at_fork(JOURNAL.restart)

"""The journal of the process: a page for every operation, and the one lock under which they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

from retold import telemetry
from retold.journal.budgets import GAUGES, Budgets, Stock
from retold.journal.followers import Follower, Followers
from retold.journal.histogram import Exemplar, Labels
from retold.journal.lock import Lock, at_fork
from retold.journal.page import FOLD_AT, Page
from retold.journal.shelf import Shelf
from retold.journal.tape import Observations, Tape
from retold.journal.totals import Totals, Value
from retold.telemetry import Metric


class Journal:
    """What all calls of the process have written, page by page.

    Attributes:
        readers: The exporters that read it, by name.
        largest_fold: The most entries that a call has folded on its way: never more than `FOLD_AT`. Collections,
            which nobody waits for, fold all there are.
    """

    def __init__(self) -> None:
        self.readers: Mapping[str, Sequence[object]] = {}
        self.largest_fold = 0
        self._shelf = Shelf(self._new_page, self._limit_known)
        self._pages = self._shelf.pages
        self._followers = Followers()
        self._exporter_failures: dict[str, int] = {}
        self._budgets = Budgets()
        # Reentrant, because the garbage collector may end an abandoned call in the midst of a fold.
        self._lock = Lock()
        self._folding = False
        self._immediate = False
        self._due: list[Page] = []

    @property
    def max_operations(self) -> int:
        """How many called operations have pages of their own; those that do keep them when it is lowered."""
        return self._shelf.room

    @max_operations.setter
    def max_operations(self, most: int) -> None:
        self._shelf.room = most

    def register(self, operation: str, max_attempts: int | None = None, *, named: bool = True) -> None:
        """Make an operation known, so that its counters exist at 0 before its first call.

        Where there is no room for all, names that somebody gave come before those of decorated functions.

        Unless somebody follows, it gets its page when somebody next reads or calls: a program that measures nothing
        has no pages.
        """
        if self._shelf.note(operation, max_attempts, named=named) or self._followers.all:
            with self._held():
                self._shelf.enter()

    def page(self, operation: str) -> Page:
        """The page that a call of this operation writes on."""
        page = self._pages.get(operation)
        if page is not None and page.called:
            return page
        with self._held():
            return self._shelf.admit(operation)

    def exporter_known(self, name: str) -> None:
        """Have the failures of this exporter exist at 0."""
        with self._held():
            label = self._exporter_label(name)
            self._exporter_failures.setdefault(label, 0)
            self._tell(telemetry.EXPORTER_FAILURES, {(label,): 0})

    def exporter_failed(self, name: str) -> None:
        """Count an exception that an exporter raised."""
        with self._held():
            label = self._exporter_label(name)
            self._exporter_failures[label] = self._exporter_failures.get(label, 0) + 1
            self._tell(telemetry.EXPORTER_FAILURES, {(label,): 1})

    def register_budget(self, name: str, stock: Stock) -> None:
        """Make a budget known, so that its denials exist at 0. Waits for nobody where it is, for some make policies."""
        if stock not in self._budgets:
            with self._held():
                self._tell(telemetry.BUDGET_DENIALS, {(self._budgets.add(name, stock),): 0})
                self._tell_budgets()

    def budget_label(self, name: str) -> str:
        """Under which label the denials of a budget are counted."""
        return self._budgets.label(name)

    def show(self, operation: str, metric: Metric, outcome: str, exemplar: Exemplar) -> None:
        """Show a sampled span beside the bucket of `metric` that it fell into."""
        page = self._pages.get(operation) or self._pages.get(telemetry.OTHER)
        if page is not None:
            page.show(metric, outcome, exemplar)

    def fold(self, page: Page) -> None:
        """Fold entries of one page, unless somebody is at it: then whoever is next takes these too."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self.largest_fold = max(self.largest_fold, self._fold([page], FOLD_AT))
        finally:
            self._lock.release()

    def collect(self) -> Totals:
        """Fold everything and read it: all numbers of one moment, by metric and labels."""
        with self._held():
            return self._read()

    def collect_with(self, tape: Tape) -> tuple[Totals, list[Observations]]:
        """The same, with what is on the tape, of the same moment."""
        with self._held():
            return self._read(), tape.take()

    def fold_at_once(self, page: Page) -> None:
        """Fold what is on a page; if somebody else is at it, they do that too before they go on."""
        self._due.append(page)
        self._fold_due()

    def follow(self, follower: Follower) -> None:
        """Have somebody told of every change from now on, and before of counters, at 0, and of gauges as they stand."""
        with self._held():
            totals = self._read()
            self._followers.become((*self._followers.all, follower))
            if follower.immediate:
                self._immediate = True
                for page in self._pages.values():
                    page.write_through(self.fold_at_once)
            for metric, series in totals.items():
                if metric.kind == "counter":
                    self._tell(metric, dict.fromkeys(series, 0))
                elif metric.kind == "gauge":
                    self._tell(metric, series)
            self._budgets.tell_anew()  # this one has heard of no change
            self._shelf.enter()  # whoever registered an operation meanwhile may have seen no follower

    def leave(self, follower: Follower) -> None:
        """Tell this one nothing more."""
        with self._held():
            self._followers.become(tuple(each for each in self._followers.all if each is not follower))

    def restart(self) -> None:
        """Start from zero, as a forked child does; pages in use stay in use."""
        self._folding = False
        self._due.clear()
        self.largest_fold = 0
        for follower in self._followers.all:
            follower.restart()
        for page in self._pages.values():
            page.clear()
        self._exporter_failures = dict.fromkeys(self._exporter_failures, 0)
        self._budgets.restart()

    def forget(self) -> None:
        """Forget every operation. For tests: the metrics of a process only ever grow."""
        with self._held():
            self._shelf.clear()
            self._exporter_failures.clear()
            self._budgets.forget()
            self.restart()

    def _read(self) -> Totals:
        self._shelf.enter()
        totals: dict[Metric, dict[Labels, Value]] = {metric: {} for metric in telemetry.METRICS}
        pages = list(self._pages.values())
        self._fold(pages)
        shared: dict[Metric, Counter[Labels]] = {
            telemetry.LABEL_OVERFLOWS: Counter({(telemetry.OPERATION,): 0, (telemetry.ERROR_TYPE,): 0}),
            telemetry.BUDGET_DENIALS: Counter({(label,): 0 for label in self._budgets.labels()}),
        }
        for page in pages:
            read = page.read()
            for metric, series in read.items():
                if metric in shared:
                    shared[metric].update(cast("Mapping[Labels, int]", series))
                else:
                    totals[metric].update(series)
        totals.update({metric: dict(counts) for metric, counts in shared.items()})
        totals[telemetry.MAX_ATTEMPTS].update({(name,): limit for name, limit in self._shelf.limits.items()})
        for label, standing in self._budgets.stand().items():
            for metric, value in zip(GAUGES, standing, strict=True):
                totals[metric][label,] = value
        totals[telemetry.EXPORTER_FAILURES].update({(name,): count for name, count in self._exporter_failures.items()})
        return totals

    def _fold(self, pages: list[Page], most: int | None = None) -> int:
        """Fold so many entries of each page, or all. Returns how many they were."""
        if self._folding:
            return 0
        self._folding = True
        try:
            folded = sum([page.fold(most) for page in pages])
            if self._immediate:
                for page in pages:
                    page.tell_gauges()
                self._tell_budgets()
            return folded
        finally:
            self._folding = False

    def _fold_due(self) -> None:
        # Whoever cannot take the lock leaves the page to its holder, who looks here after letting go.
        while self._due and not self._folding and self._lock.acquire(blocking=False):
            try:
                due = self._due[:]
                del self._due[: len(due)]
                self._fold(list(dict.fromkeys(due)))
            finally:
                self._lock.release()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the lock, and do afterwards what others could not do meanwhile."""
        try:
            with self._lock:
                yield
        finally:
            self._fold_due()

    def _tell(self, metric: Metric, series: Mapping[Labels, Value]) -> None:
        """Tell followers by how much counters grew, or how gauges stand."""
        for follower in self._followers.all:
            tell = follower.counted if metric.kind == "counter" else follower.stands
            for labels, value in series.items():
                tell(metric, labels, cast("int", value))

    def _tell_budgets(self) -> None:
        """Tell followers of what has changed; calls that earn write nothing, so whoever folds looks."""
        for metric, label, value in self._budgets.changes():
            self._tell(metric, {(label,): value})

    def _new_page(self, operation: str) -> Page:
        page = Page(operation, self.fold, self._followers)
        if self._immediate:
            page.write_through(self.fold_at_once)
        for metric, series in page.read().items():
            self._tell(metric, series)
        return page

    def _limit_known(self, operation: str, max_attempts: int) -> None:
        self._tell(telemetry.MAX_ATTEMPTS, {(operation,): max_attempts})

    def _exporter_label(self, name: str) -> str:
        known = self._exporter_failures
        return name if name in known or len(known) < telemetry.MAX_EXPORTERS else telemetry.OTHER


JOURNAL = Journal()
at_fork(JOURNAL.restart)

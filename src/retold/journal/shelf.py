"""Which operations have a page of their own."""

from __future__ import annotations

from collections.abc import Callable

from retold import telemetry
from retold.journal.page import Page


class Shelf:
    """The pages of operations: those of as many called ones as there is room for, and of known ones while there is.

    Changed under the journal's lock, but for `note`.

    Args:
        make: Makes an operation's page.
        limit_known: Is told how many attempts an operation's policy allows.

    Attributes:
        pages: By operation; what there is no room for shares the page `_OTHER`.
        limits: How many attempts policies allow, by operation.
        room: For how many. Pages that are there stay when it is lowered.
    """

    def __init__(self, make: Callable[[str], Page], limit_known: Callable[[str, int], None]) -> None:
        self.pages: dict[str, Page] = {}
        self.limits: dict[str, int] = {}
        self.room = telemetry.MAX_OPERATIONS
        self._make = make
        self._limit_known = limit_known
        # Written without waiting for anyone, as pages are.
        self._noted: dict[str, tuple[int | None, bool]] = {}

    def note(self, operation: str, max_attempts: int | None, *, named: bool) -> bool:
        """Note an operation, which gets its page when somebody next looks. Returns whether too many are noted."""
        if max_attempts is None and operation in self._noted:
            return False
        self._noted[operation] = max_attempts, named
        return len(self._noted) >= self.room

    def enter(self) -> None:
        """Give operations that were noted their pages, as many as there is room for."""
        for operation in list(self._noted):
            max_attempts, named = self._noted.pop(operation, (None, False))
            page = self.pages.get(operation)
            if page is None and (len(self.pages) < self.room or (named and self._make_room(named=False))):
                page = self.pages[operation] = self._make(operation)
            if page is not None:
                page.named = page.named or named
                if max_attempts is not None:
                    self.limits[operation] = max_attempts
                    self._limit_known(operation, max_attempts)

    def admit(self, operation: str) -> Page:
        """The page of an operation that is called."""
        self.enter()
        page = self.pages.get(operation)
        if page is None and len(self.pages) >= self.room and not self._make_room(named=True):
            operation = telemetry.OTHER
            page = self.pages.get(operation)
        if page is None:
            page = self.pages[operation] = self._make(operation)
        page.called = True
        return page

    def clear(self) -> None:
        """Forget every operation."""
        self._noted.clear()
        self.pages.clear()
        self.limits.clear()

    def _make_room(self, *, named: bool) -> bool:
        """Forget an operation that is known but was never called, if there is one: of the named ones only if so."""
        idle = [name for name, page in self.pages.items() if not page.called and (named or not page.named)]
        if not idle:
            return False
        name = min(idle, key=lambda each: self.pages[each].named)
        del self.pages[name]
        self.limits.pop(name, None)
        return True

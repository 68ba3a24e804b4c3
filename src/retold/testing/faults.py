"""What is wrong with an exporter, and the report of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """A promise that an exporter breaks.

    `lifecycles` are the kinds of calls in which it did, `expected` is the promise, `happened` what it did instead.
    """

    lifecycles: tuple[str, ...]
    expected: str
    happened: str


class ExporterFaults(AssertionError):
    """An exporter breaks promises; the text says which, when, and what it did instead."""

    def __init__(self, exporter: str, faults: tuple[Fault, ...]) -> None:
        super().__init__(_report(exporter, faults))
        self.faults = faults


class Found:
    """The faults found so far. What happens in many lifecycles is one fault.

    Attributes:
        lifecycle: The one that is gone through now.

    Args:
        waived: Promises that the exporter need not keep.
    """

    def __init__(self, waived: frozenset[str] = frozenset()) -> None:
        self.lifecycle = ""
        self._waived = waived
        self._lifecycles: dict[tuple[str, str], list[str]] = {}
        self._lock = threading.Lock()

    def add(self, expected: str, happened: str) -> None:
        """Something is wrong in the present lifecycle."""
        if expected in self._waived:
            return
        with self._lock:
            lifecycles = self._lifecycles.setdefault((expected, happened), [])
            if self.lifecycle not in lifecycles:
                lifecycles.append(self.lifecycle)

    def faults(self) -> tuple[Fault, ...]:
        """All of them, in the order found."""
        return tuple(Fault(tuple(when), *what) for what, when in self._lifecycles.items())


def _report(exporter: str, faults: tuple[Fault, ...]) -> str:
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return "\n".join([f"{exporter} has {count}:", *(line for each in enumerate(faults, 1) for line in _lines(*each))])


def _lines(number: int, fault: Fault) -> Iterable[str]:
    first, *others = fault.lifecycles
    more = f" (and in {len(others)} more)" if others else ""
    yield ""
    yield f"{number}. in the lifecycle: {first}{more}"
    yield f"   expected: {fault.expected}"
    yield f"   happened: {fault.happened}"

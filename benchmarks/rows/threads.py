"""Eight threads call one function: are the counts exact, and does anything reach the callers that should not?"""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from prometheus_client import CollectorRegistry

from benchmarks import backends, ours
from benchmarks.contest import Contest, Row
from benchmarks.subjects import ATTEMPTS, Decorator, Function, Unavailable

_THREADS = 8
_CALLS = 4000
_OPERATION = "benchmarks.threads"

# How often the functions of eight calls in turn fail: one gives up, two succeed at their second attempt.
_FAILURES = (ATTEMPTS, 1, 1, 0, 0, 0, 0, 0)
_EIGHTH = _THREADS * _CALLS // len(_FAILURES)

_REACHES_CALLERS = {"returned": 7 * _EIGHTH, "Unavailable": _EIGHTH}
_COUNTED = {
    "calls success false": 5 * _EIGHTH,
    "calls success true": 2 * _EIGHTH,
    "calls attempts_exhausted true": _EIGHTH,
    "attempts success": 7 * _EIGHTH,
    "attempts error": (2 + ATTEMPTS) * _EIGHTH,
}


def _threads(contest: Contest) -> None:
    # Threads take turns about every 10 microseconds, so that what can be torn is.
    sys.setswitchinterval(1e-5)
    registry = backends.prometheus()
    seen = _run(ours.plain().replace(operation=_OPERATION))
    counted = _counted(registry)
    right = seen == _REACHES_CALLERS and counted == _COUNTED
    contest.judge("retold", right, f"{_told(seen)}; counted {_told(counted)}")
    for peer in contest.peers("nopanic", "backoff", "redress", "stamina", "tenacity"):
        seen = _run(peer.plain(0.0))
        contest.judge(peer.name, seen == _REACHES_CALLERS, f"counts nothing itself; {_told(seen)}")


def _run(decorate: Decorator) -> dict[str, int]:
    """What reached the callers, by kind."""
    function = decorate(_fetch)
    start = Barrier(_THREADS)
    with ThreadPoolExecutor(_THREADS) as pool:
        endings = [pool.submit(_call_often, function, start) for _ in range(_THREADS)]
        total: Counter[str] = Counter()
        for each in endings:
            total.update(each.result())
    return dict(sorted(total.items(), reverse=True))


def _fetch(failures: list[int]) -> None:
    if failures[0]:
        failures[0] -= 1
        raise Unavailable


def _call_often(function: Function, start: Barrier) -> Counter[str]:
    endings: Counter[str] = Counter()
    start.wait()
    for number in range(_CALLS):
        try:
            function([_FAILURES[number % len(_FAILURES)]])
        except Exception as error:  # noqa: BLE001 - whatever reaches a caller is counted
            endings[type(error).__qualname__] += 1
        else:
            endings["returned"] += 1
    return endings


def _counted(registry: CollectorRegistry) -> dict[str, int]:
    """Calls and attempts of the operation, by what their labels say."""
    counts: dict[str, int] = {}
    for family in registry.collect():
        if family.name in ("retold_calls", "retold_attempts"):
            for sample in family.samples:
                operation, *labels = sample.labels.values()
                if operation == _OPERATION and sample.value:
                    counts[" ".join([family.name.removeprefix("retold_"), *labels])] = int(sample.value)
    return counts


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())


ROWS = (Row(name="threads-exact", what=f"{_THREADS} threads: counts are exact", unit="", goal=None, enter=_threads),)

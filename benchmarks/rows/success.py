"""Calls that succeed at once, with nothing exported: what nearly every call costs."""

from __future__ import annotations

from benchmarks import floors, ours
from benchmarks.contest import Contest, Row
from benchmarks.subjects import Function, returns, returns_async, returns_pair

_ALONE = "the function alone"
_EIGHT = "\n".join(f"f{number}(1)" for number in range(8))


def _sync(contest: Contest) -> None:
    ours.silent()
    contest.time("closure", "f(1)", f=floors.closure(returns))
    contest.time(_ALONE, "f(1)", f=returns)
    contest.time("floor: exact wrapper", "f(1)", f=floors.exact(returns))
    contest.time("retold", "f(1)", f=ours.plain()(returns))
    for peer in contest.peers():
        contest.time(peer.name, "f(1)", f=peer.plain(0.0)(returns))


def _keyword(contest: Contest) -> None:
    ours.silent()
    contest.time("closure", "f(1, b=2)", f=floors.closure(returns_pair))
    contest.time(_ALONE, "f(1, b=2)", f=returns_pair)
    contest.time("floor: exact wrapper", "f(1, b=2)", f=floors.exact_pair(returns_pair))
    contest.time("retold", "f(1, b=2)", f=ours.plain()(returns_pair))
    for peer in contest.peers():
        contest.time(peer.name, "f(1, b=2)", f=peer.plain(0.0)(returns_pair))


def _rotation(contest: Contest) -> None:
    ours.silent()
    policy = ours.plain()
    _time_eight(contest, "closure", [floors.closure(each) for each in _eight()])
    _time_eight(contest, _ALONE, _eight())
    _time_eight(contest, "floor: exact wrapper", [floors.exact(each) for each in _eight()])
    _time_eight(contest, "retold", [policy(each) for each in _eight()])
    for peer in contest.peers():
        _time_eight(contest, peer.name, [peer.plain(0.0)(each) for each in _eight()])


def _eight() -> list[Function]:
    return [_another() for _ in range(8)]


def _another() -> Function:
    def fetch(x: object) -> object:
        return x

    fetch.__code__ = fetch.__code__.replace()
    return fetch


def _time_eight(contest: Contest, name: str, functions: list[Function]) -> None:
    contest.time(name, _EIGHT, copies=1, **{f"f{number}": each for number, each in enumerate(functions)})


def _async(contest: Contest) -> None:
    ours.silent()
    contest.time_async("closure", "await f(1)", f=floors.closure_async(returns_async))
    contest.time_async(_ALONE, "await f(1)", f=returns_async)
    contest.time_async("floor: exact wrapper", "await f(1)", f=floors.exact_async(returns_async))
    contest.time_async("retold", "await f(1)", f=ours.plain()(returns_async))
    for peer in contest.peers():
        contest.time_async(peer.name, "await f(1)", f=peer.plain_async(0.0)(returns_async))


def _timeout(contest: Contest) -> None:
    ours.silent()
    contest.time("closure", "f(1)", f=floors.closure(returns))
    contest.time("floor: exact wrapper and a clock", "f(1)", f=floors.exact_timeout(returns))
    contest.time("retold", "f(1)", f=ours.with_timeout()(returns))


def _budget(contest: Contest) -> None:
    ours.silent()
    contest.time("closure", "f(1)", f=floors.closure(returns))
    contest.time("floor: exact wrapper and a count", "f(1)", f=floors.exact_counting(returns))
    contest.time("retold", "f(1)", f=ours.with_budget()(returns))


def _default(contest: Contest) -> None:
    # Nothing is configured: Retold chooses when the policy is applied.
    contest.time("closure", "f(1)", f=floors.closure(returns))
    contest.time("floor: exact wrapper and a look", "f(1)", f=floors.exact_asleep(returns))
    contest.time("retold", "f(1)", f=ours.plain()(returns))


ROWS = (
    Row(
        name="success-sync",
        what="success at once, sync, f(1), nothing exported",
        unit="closure",
        goal=0.55,
        enter=_sync,
    ),
    Row(
        name="success-keyword",
        what="success at once, sync, f(1, b=2), nothing exported",
        unit="closure",
        goal=0.40,
        enter=_keyword,
    ),
    Row(
        name="success-rotation",
        what="success at once, 8 decorated functions in rotation",
        unit="closure",
        goal=0.65,
        enter=_rotation,
    ),
    Row(
        name="success-async",
        what="success at once, async, nothing exported",
        unit="closure",
        goal=0.85,
        enter=_async,
    ),
    Row(
        name="success-timeout",
        what="success at once, with a timeout, nothing exported",
        unit="closure",
        goal=1.1,
        enter=_timeout,
    ),
    Row(
        name="success-budget",
        what="success at once, with a budget, nothing exported",
        unit="closure",
        goal=0.85,
        enter=_budget,
    ),
    Row(
        name="success-default",
        what="success at once, nothing configured, no OpenTelemetry SDK",
        unit="closure",
        goal=0.8,
        enter=_default,
    ),
)

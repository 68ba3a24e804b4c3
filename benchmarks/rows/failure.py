"""Calls that fail first, with nothing exported; where there is a wait, `time.sleep` returns at once."""

from __future__ import annotations

from benchmarks import floors, ours
from benchmarks.contest import Contest, Row
from benchmarks.subjects import Function, Unavailable, always_fails, fails_twice

_GIVES_UP = """\
try:
    f(1)
except Unavailable:
    pass"""


def _fail_twice(contest: Contest) -> None:
    ours.silent()
    contest.time("hand loop", "f(1)", f=floors.hand_loop(fails_twice()))
    contest.time("floor: loop that does the same", "f(1)", f=floors.careful(fails_twice()))
    contest.time("retold", "f(1)", f=ours.careful()(fails_twice()))
    for peer in contest.peers():
        contest.time(peer.name, "f(1)", f=peer.careful()(fails_twice()))


def _budget(contest: Contest) -> None:
    ours.silent()
    contest.time("hand loop", "f(1)", f=floors.hand_loop(fails_twice()))
    contest.time("retold without a budget", "f(1)", f=ours.plain()(fails_twice()))
    contest.time("retold", "f(1)", f=ours.with_budget()(fails_twice()))


def _give_up(contest: Contest) -> None:
    ours.silent()
    _time_give_up(contest, "hand loop", floors.hand_loop(always_fails))
    _time_give_up(contest, "floor: loop that does the same", floors.noting(always_fails))
    _time_give_up(contest, "retold", ours.plain()(always_fails))
    for peer in contest.peers():
        if peer.gives_up:
            _time_give_up(contest, peer.name, peer.plain(0.0)(always_fails))


def _time_give_up(contest: Contest, name: str, function: Function) -> None:
    contest.time(name, _GIVES_UP, f=function, Unavailable=Unavailable)


def _zero_wait(contest: Contest) -> None:
    ours.silent()
    contest.time("hand loop", "f(1)", f=floors.hand_loop(fails_twice()))
    contest.time("retold", "f(1)", f=ours.plain()(fails_twice()))
    contest.time("tenacity", "f(1)", f=contest.need("tenacity").plain(0.0)(fails_twice()))
    for peer in contest.peers():
        if peer.name != "tenacity":
            contest.time(peer.name, "f(1)", f=peer.plain(0.0)(fails_twice()))


ROWS = (
    Row(
        name="fail-twice",
        what="fail twice, then succeed, with jitter, deadline and predicate",
        unit="hand loop",
        goal=1.75,
        enter=_fail_twice,
    ),
    Row(
        name="fail-twice-budget",
        what="fail twice, then succeed, with waits of zero and a budget",
        unit="hand loop",
        goal=None,
        enter=_budget,
    ),
    Row(name="give-up", what="give up after 5 attempts", unit="hand loop", goal=2.0, enter=_give_up),
    Row(
        name="zero-wait",
        what="fail twice, then succeed, with waits of zero and the real time.sleep",
        unit="tenacity",
        goal=1 / 50,
        enter=_zero_wait,
        real_sleep=True,
    ),
)

"""The block form, success at once: `for attempt in policy: with attempt: ...`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import TracebackType

from benchmarks import ours
from benchmarks.contest import Contest, Row
from benchmarks.peers import stamina, stamina_options, tenacity_options
from benchmarks.subjects import ATTEMPTS, Unavailable, returns, returns_async

_INLINE = f"""\
for attempt in range({ATTEMPTS}):
    try:
        {{call}}
        break
    except Unavailable:
        if attempt == {ATTEMPTS - 1}:
            raise"""

_BLOCK = """\
for attempt in attempts:
    with attempt:
        f(1)"""

_ASYNC_BLOCK = """\
async for attempt in attempts:
    with attempt:
        await f(1)"""


def _sync(contest: Contest) -> None:
    ours.silent()
    contest.time("inline", _INLINE.format(call="f(1)"), f=returns, Unavailable=Unavailable)
    contest.time(
        "floor: generator and object", _BLOCK.replace("attempts:", "attempts():"), f=returns, attempts=_by_hand
    )
    contest.time("retold", _BLOCK, f=returns, attempts=ours.plain())
    for peer in contest.peers("stamina"):
        context, options = stamina().retry_context, stamina_options()
        contest.time(peer.name, _BLOCK.replace("attempts:", "c(**o):"), f=returns, c=context, o=options)
    for peer in contest.peers("tenacity"):
        retrying = import_module("tenacity").Retrying(**tenacity_options())
        contest.time(peer.name, _BLOCK, f=returns, attempts=retrying)


def _async(contest: Contest) -> None:
    ours.silent()
    contest.time_async("inline", _INLINE.format(call="await f(1)"), f=returns_async, Unavailable=Unavailable)
    contest.time_async(
        "floor: iterator and object",
        _ASYNC_BLOCK.replace("attempts:", "attempts():"),
        f=returns_async,
        attempts=_AsyncByHand,
    )
    contest.time_async("retold", _ASYNC_BLOCK, f=returns_async, attempts=ours.plain())
    for peer in contest.peers("stamina"):
        context, options = stamina().retry_context, stamina_options()
        contest.time_async(
            peer.name, _ASYNC_BLOCK.replace("attempts:", "c(**o):"), f=returns_async, c=context, o=options
        )
    for peer in contest.peers("tenacity"):
        retrying = import_module("tenacity").AsyncRetrying(**tenacity_options())
        contest.time_async(peer.name, _ASYNC_BLOCK, f=returns_async, attempts=retrying)


class _Attempt:
    """What a block's `with` needs, and no more."""

    __slots__ = ("failed", "number")

    def __init__(self) -> None:
        self.number = 1
        self.failed = False

    def __enter__(self) -> _Attempt:
        self.failed = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if error is None:
            return False
        self.failed = isinstance(error, Unavailable) and self.number < ATTEMPTS
        return self.failed


def _by_hand() -> Iterator[_Attempt]:
    attempt = _Attempt()
    while True:
        yield attempt
        if not attempt.failed:
            return
        attempt.number += 1


class _AsyncByHand:
    """The same, awaited."""

    __slots__ = ("_attempt",)

    def __init__(self) -> None:
        self._attempt: _Attempt | None = None

    def __aiter__(self) -> _AsyncByHand:
        return self

    async def __anext__(self) -> _Attempt:
        attempt = self._attempt
        if attempt is None:
            attempt = self._attempt = _Attempt()
            return attempt
        if not attempt.failed:
            raise StopAsyncIteration
        attempt.number += 1
        return attempt


ROWS = (
    Row(name="block-sync", what="block form, success at once, sync", unit="inline", goal=5.0, enter=_sync),
    Row(name="block-async", what="block form, success at once, async", unit="inline", goal=8.0, enter=_async),
)

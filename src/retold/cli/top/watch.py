"""Asks endpoints for their numbers, again and again, and says how well they can be seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Executor

from retold.cli.doctor.options import shown
from retold.cli.doctor.reach import Unreachable, ask
from retold.cli.exposition import samples
from retold.cli.top.history import History
from retold.cli.top.reading import Reading, read
from retold.cli.top.scene import Happening, Mood, Scene

_NONE_OF_OURS = (
    'serves metrics, but none of Retold\'s. Write retold.configure(exporters=["prometheus"]) in the process that serves'
    " it, with Prometheus(registry=...) if it serves a registry of its own. `retold doctor --metrics {url}` knows more."
)
_REFUSED = (401, 403)
_NEEDS_A_USER = "Put a user and a password into the address, as in http://USER:PASSWORD@HOST/metrics."
_KEEPS_TRYING = "It is asked again and again: start the process, or correct the address."


class Unseen(Exception):
    """An endpoint has no numbers of ours; the text says why, and `advice` what to do."""

    def __init__(self, why: str, advice: str) -> None:
        super().__init__(why)
        self.advice = advice


def look(url: str, timeout: float) -> Reading:
    """What the processes behind an endpoint have counted.

    Raises:
        Unseen: There is none, or none of ours.
    """
    try:
        answer = ask(url, timeout)
    except Unreachable as reason:
        raise Unseen(str(reason), _KEEPS_TRYING) from reason
    if answer.status in _REFUSED:
        raise Unseen(f"answered {answer.status}", f"{_NEEDS_A_USER} {_KEEPS_TRYING}")
    if answer.status != 200:
        raise Unseen(f"answered {answer.status}", f"Correct the path; it is usually /metrics. {_KEEPS_TRYING}")
    text = answer.body.decode(errors="replace")
    reading = read(samples(text, "retold_"))
    if reading.counters:
        return reading
    if next(samples(text), None) is None:
        raise Unseen(f"answers with {answer.kind}", f"That is not Prometheus's format. {_KEEPS_TRYING}")
    raise Unseen("has no series of Retold's", f"{shown(url)} {_NONE_OF_OURS.format(url=shown(url))}")


class Watch:
    """The endpoints that are watched, and what became of them.

    Args:
        urls: Where they are.
        every: Seconds between two looks.
        threads: Where they are asked, all at once.
    """

    def __init__(self, urls: Sequence[str], every: float, threads: Executor) -> None:
        self.history = History()
        self.unseen: dict[str, Unseen] = {}
        self._urls = tuple(dict.fromkeys(urls))
        self._every = every
        self._timeout = min(5.0, max(1.0, every))
        self._threads = threads
        self._looked = False
        self._scene = self._made()

    @property
    def scene(self) -> Scene:
        """What there was to see when it was looked last."""
        return self._scene

    def look(self) -> None:
        """Ask all of them once."""
        answers = list(self._threads.map(self._ask, self._urls))
        before, self.unseen = self.unseen, {}
        readings: dict[str, Reading] = {}
        for url, answer in zip(self._urls, answers, strict=True):
            name = _name(url)
            if isinstance(answer, Reading):
                readings[name] = answer
                if name in before:
                    self._tell(name, "answers again", Mood.GOOD)
            else:
                self.unseen[name] = answer
                if self._looked and name not in before:
                    self._tell(name, str(answer), Mood.FAIR)
        self._looked = True
        self.history.take(readings, time.monotonic(), time.time())
        self._scene = self._made()

    def _ask(self, url: str) -> Reading | Unseen:
        try:
            return look(url, self._timeout)
        except Unseen as reason:
            return reason

    def _tell(self, name: str, what: str, mood: Mood) -> None:
        self.history.happenings.add(Happening(time.time(), name, what, mood, is_rare=True))

    def _made(self) -> Scene:
        rows = self.history.rows
        state, mood = self._state()
        return Scene(
            title="retold top",
            target=", ".join(shown(url) for url in self._urls),
            time=time.time(),
            state=state,
            mood=mood,
            everything=self.history.everything(rows),
            rows=rows,
            every=self._every,
            moments=self.history.moments,
            budgets=self.history.budgets,
            happenings=self.history.happenings.latest(),
            advice=" ".join(dict.fromkeys(each.advice for each in self.unseen.values())),
        )

    def _state(self) -> tuple[str, Mood]:
        if not self._looked:
            return "asking", Mood.PLAIN
        if not self.unseen:
            return "up" if len(self._urls) == 1 else f"{len(self._urls)} up", Mood.GOOD
        reason = next(iter(self.unseen.values()))
        if len(self._urls) == 1:
            return str(reason), Mood.BAD
        seen = len(self._urls) - len(self.unseen)
        return f"{seen} of {len(self._urls)} up: {reason}", Mood.BAD


def _name(url: str) -> str:
    """A URL in few words: what nearly all of them have in common is left out."""
    return shown(url).removeprefix("http://").removesuffix("/metrics")

"""Scenes to draw: operations with a past, some of them in trouble."""

from retold.cli.top.history import History
from retold.cli.top.reading import Key, Kind, Reading
from retold.cli.top.scene import Happening, Mood, Scene

MOMENTS = 90


def counted(operation: str, second: int, *, sick: bool, lately: bool) -> Reading:
    """What an operation of ten calls a second has counted.

    A sick one needs two attempts for each, and one call gave up long ago or, `lately`, in the last second.
    """
    return Reading(
        {
            Key(Kind.CALLS, operation, "success"): second * 10,
            Key(Kind.CALLS, operation, "attempts_exhausted"): sick and second >= (MOMENTS if lately else 10),
            Key(Kind.ATTEMPTS, operation, "success"): second * 10,
            Key(Kind.ATTEMPTS, operation, "error"): second * 10 if sick else 0,
            Key(Kind.FAILURES, operation, "httpx.ReadTimeout"): second * 10 if sick else 0,
            Key(Kind.MADE, operation): second * (20 if sick else 10),
            Key(Kind.ENDED, operation): second * 10,
            Key(Kind.WAITED, operation): second * 8 if sick else 0,
            Key(Kind.SPENT, operation): second * 10,
            Key(Kind.DURATIONS, operation, "1.0"): second * 10,
            Key(Kind.DURATIONS, operation, "inf"): second * 10,
        },
        {Key(Kind.ACTIVE, operation): 12, Key(Kind.WAITING, operation): 9 if sick else 0},
    )


def scene(
    *operations: str,
    sick: tuple[str, ...] = (),
    happenings: int = 20,
    advice: str = "",
    said: str = "",
    lately: bool = False,
    target: str = "http://127.0.0.1:9464/metrics",
) -> Scene:
    """What there is to see of these operations after a minute and a half."""
    history = History()
    for second in range(MOMENTS + 1):
        readings = [counted(name, second, sick=name in sick, lately=lately) for name in operations]
        whole = Reading(
            {key: count for each in readings for key, count in each.counters.items()},
            {key: count for each in readings for key, count in each.gauges.items()},
        )
        history.take({"shop": whole}, second, second)
    rows = history.rows
    told = [Happening(1.6e9 + number, "papers.fetch", f"retry {number}") for number in range(happenings)]
    return Scene(
        title="retold top",
        target=target,
        time=1.6e9,
        state="up",
        mood=Mood.GOOD,
        everything=history.everything(rows),
        rows=rows,
        every=1,
        moments=history.moments,
        happenings=tuple(told),
        advice=advice,
        said=said,
    )

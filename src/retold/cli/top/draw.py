"""Draws a scene as the lines of a screen: as many as it has, and none wider than it is."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.text import Text

from retold.cli.top.controls import KEYS, Controls
from retold.cli.top.history import WINDOW
from retold.cli.top.scene import Happening, Key, Mood, Row, Scene
from retold.cli.top.shapes import DIGITS_HEIGHT, STYLES, binned, chart, digits, ending, style
from retold.cli.top.table import table
from retold.cli.top.words import count, error, left, percent, rate

LEAST_WIDTH, LEAST_HEIGHT = 40, 8
_BAR = "white on grey23"
_LIT = {Mood.PLAIN: "", Mood.GOOD: "black on green", Mood.FAIR: "black on yellow", Mood.BAD: "bold white on red"}
_LEAST_HAPPENINGS = 2
"""Lines of what happened, however many operations there are; on a high screen a tenth of its lines, if that is more."""
_LITTLE = 0.1
"""Share of a budget below which it is about to deny retries."""
_RARE_FOR = 10.0
"""Seconds for which what is rare stays in sight."""
_BETWEEN = 4
"""Columns between the two heroes."""
_HEROES = (("EFFECTIVE", "what callers see"), ("ACTUAL", "what the dependency gives"))


def frame(scene: Scene, controls: Controls, width: int, height: int) -> list[Text]:
    """All lines of the screen, from its first to its last."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return _fitted([Text(f"needs {LEAST_WIDTH}x{LEAST_HEIGHT}")], width, height)
    if controls.helping:
        lines = _help(scene)
    elif scene.rows:
        lines = _body(scene, controls, width, height - 2)
    else:
        lines = [Text(), *(Text(f"  {line}") for line in textwrap.wrap(scene.advice, width - 4))]
    return [
        _bar(_title(scene), _state(scene, controls), width),
        *_fitted(lines, width, height - 2),
        _footer(scene, controls, width),
    ]


def _title(scene: Scene) -> Text:
    return Text.assemble((f" {scene.title} ", "bold"), f" {scene.target}")


def _state(scene: Scene, controls: Controls) -> Text:
    state = Text(" PAUSED ", "black on yellow") if controls.paused else Text()
    clock = time.strftime("%H:%M:%S", time.localtime(scene.time))
    return state.append(f" {scene.state}", STYLES[scene.mood]).append(f"  {clock} ")


def _footer(scene: Scene, controls: Controls, width: int) -> Text:
    """The keys, without those that the help has too if there is no room for all; then, if there is, the order."""
    theirs, own = list(scene.keys), list(KEYS)
    while own[0].key != "?" and _keys((*theirs, *own)).cell_len > width:
        del own[0]
    while theirs and _keys((*theirs, *own)).cell_len > width:
        del theirs[-1]
    keys = _keys((*theirs, *own))
    order = Text(f"sorted by {controls.order} ", "dim")
    return _bar(keys, order if keys.cell_len + order.cell_len <= width else Text(), width)


def _keys(keys: Iterable[Key]) -> Text:
    line = Text()
    for each in keys:
        line.append(f" {each.key}", "bold cyan").append(" ").append(each.word, _LIT[each.mood]).append(" ")
    return line


def _bar(left: Text, right: Text, width: int) -> Text:
    """A line from edge to edge; what is at the right is seen whatever else is not."""
    left = left.copy()
    left.truncate(max(0, width - right.cell_len), overflow="ellipsis", pad=True)
    line = left.append_text(right)
    line.truncate(width)
    line.style = _BAR
    return line


def _help(scene: Scene) -> list[Text]:
    keys = [Text.assemble((f"  {each.key:<9}", "bold cyan"), each.meaning) for each in (*scene.keys, *KEYS)]
    words = (
        ("effective", "share of calls that succeeded"),
        ("actual", "share of attempts that succeeded, as without retries"),
        ("a call", "attempts for each call: the load that retries add"),
        ("gave up", "calls whose policy ran out, since the process began"),
        ("asleep", "calls between two attempts, of those under way"),
        ("waits", "share of the time in calls that is spent so"),
        ("budgets", "retries that calls which share one may still make"),
    )
    told = [Text.assemble((f"  {word:<11}", "bold"), meaning) for word, meaning in words]
    return [Text(), *keys, Text(), *told, Text(), Text(f"  Numbers are of the last {WINDOW:g} s.", "dim")]


def _body(scene: Scene, controls: Controls, width: int, height: int) -> list[Text]:
    rows = [scene.everything, *controls.ordered(scene.rows)]
    chosen = next((at for at, row in enumerate(rows) if row.operation == controls.chosen), 0)
    a_minute = max(1, round(60 / scene.every))
    lines = _heroes(rows[chosen], scene.moments, a_minute, width, height)
    below = [Text(), *_facts(rows[chosen], width), *_budgets(scene, width)]
    happenings = min(max(_LEAST_HAPPENINGS, height // 10), len(scene.happenings))
    least = 2 + happenings if scene.happenings or scene.said else 0
    # The titles, all of them together, and at least the one that is chosen.
    room = max(3, height - len(lines) - len(below) - least)
    first = max(1, chosen - (room - 2) + 1) if chosen else 1
    visible = [rows[0], *rows[first : first + room - 2]]
    hidden = len(rows) - len(visible)
    lines += table(
        visible,
        chosen - first + 1 if chosen else 0,
        width,
        moments=scene.moments,
        a_minute=a_minute,
        order=controls.order,
        title=f"operation +{hidden}" if hidden else "operation",
    )
    lines += below
    return lines + _latest(scene, width, height - len(lines))


def _heroes(row: Row, moments: int, a_minute: int, width: int, height: int) -> list[Text]:
    """Effective success beside actual success, as large as there is room for."""
    shares = (row.flow.ended.effective, row.flow.ended.actual)
    numbers = [digits(percent(share)) for share in shares]
    of_digits = max(len(number[0]) for number in numbers)
    half = (width - 4 - _BETWEEN) // 2
    if height < 14 or half < of_digits:
        line = Text("  ")
        for (name, _), share in zip(_HEROES, shares, strict=True):
            line.append(f"{name.lower()} ").append(percent(share), style(share)).append("   ")
        return [line]
    rows = DIGITS_HEIGHT if height < 28 else 2 * DIGITS_HEIGHT
    of_chart = max(0, half - of_digits - 2)
    past = binned(row.past, moments, of_chart, a_minute)
    pasts = ([each.effective for each in past], [each.actual for each in past])
    title, *lines = (Text("  ") for _ in range(rows + 1))
    above = (rows - DIGITS_HEIGHT + 1) // 2
    room_for_meanings = all(len(f"{name}  {meaning}") <= half for name, meaning in _HEROES)
    for (name, meaning), number, share, shown in zip(_HEROES, numbers, shares, pasts, strict=True):
        label = Text.assemble((name, "bold"), (f"  {meaning}" if room_for_meanings else "", "dim"))
        label.truncate(half + _BETWEEN, pad=True)
        title.append_text(label)
        for at, (line, columns) in enumerate(zip(lines, chart(shown, of_chart, rows), strict=True)):
            digit = number[at - above] if 0 <= at - above < DIGITS_HEIGHT else ""
            line.append(digit.ljust(half - of_chart), style(share)).append_text(columns).append(" " * _BETWEEN)
    for line in (title, *lines):
        line.rstrip()
    return [Text(), title, *lines, Text()]


def _facts(row: Row, width: int) -> list[Text]:
    given_up, failing = [], []
    for outcome, total in _most(row.give_ups):
        lately = row.flow.rate(row.flow.give_ups.get(outcome, 0))
        fact = Text.assemble((count(total), "bold red" if lately else ""), f" {outcome}")
        given_up.append(fact.append(f" {rate(lately)}/s" if lately else ""))
    for name, number in _most(row.flow.failures):
        failing.append(Text.assemble((count(number), "bold yellow"), f" {error(name)}"))
    return [
        _listed("gave up", given_up or [Text("none")], width),
        _listed("failing", failing or [Text("nothing")], width),
    ]


def _listed(word: str, facts: Sequence[Text], width: int) -> Text:
    """As many of them as the line has room for, the first at least, and how many more there are."""
    line = Text().append(f"  {word}", "dim")
    for at, fact in enumerate(facts):
        hidden = len(facts) - at
        more = f"  +{hidden - 1} more" if hidden > 1 else ""
        if at and line.cell_len + 2 + fact.cell_len + len(more) > width:
            return line.append(f"  +{hidden} more", "dim")
        line.append("  ").append_text(fact)
    return line


def _budgets(scene: Scene, width: int) -> list[Text]:
    stocks = []
    for stock in scene.budgets:
        share = stock.left / stock.capacity
        mood = Mood.BAD if stock.left < 1 else Mood.FAIR if share < _LITTLE else Mood.PLAIN
        stocks.append(Text.assemble(f"{stock.budget} ", (left(stock.left, stock.capacity), STYLES[mood])))
    return [_listed("budgets", stocks, width)] if stocks else []


def _latest(scene: Scene, width: int, height: int) -> list[Text]:
    room = height - 2
    if room < 1 or not (scene.happenings or scene.said):
        return []
    head = Text().append("  latest", "dim")
    head.truncate(max(0, width - len(scene.said) - 2), pad=True)
    head.append(scene.said, "bold yellow")
    shown = _most_telling(scene, room)
    names = min(width // 3, max((cell_len(each.subject) for each in shown), default=0))
    return [Text(), head, *(_happening(each, names) for each in reversed(shown))]


def _most_telling(scene: Scene, room: int) -> Sequence[Happening]:
    """The latest, and before them what was rare and is not long ago, on half of the lines at most."""
    latest, before = scene.happenings[-room:], scene.happenings[:-room]
    rare = [each for each in before if each.is_rare and each.time > scene.time - _RARE_FOR][-((room + 1) // 2) :]
    return [*rare, *latest[len(rare) :]]


def _happening(happening: Happening, names: int) -> Text:
    clock = time.strftime("%H:%M:%S", time.localtime(happening.time))
    line = Text.assemble((f"  {clock}  ", "dim"), ending(happening.subject, names), "  ")
    return line.append(happening.text, STYLES[happening.mood])


def _most(counts: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _fitted(lines: Sequence[Text], width: int, height: int) -> list[Text]:
    """Exactly so many lines, none of them too wide."""
    fitted = [*lines[:height], *(Text() for _ in range(height - len(lines)))]
    for line in fitted:
        line.truncate(width, overflow="ellipsis")
    return fitted

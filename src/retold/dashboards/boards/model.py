"""What a board is made of: plain values, from which its JSON, its pictures and its tests are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["percentunit", "cps", "s", "short", "locale", "none"]
"""How numbers read: a share, per second, seconds, a count in short (1.2 K) or in full (1,234), or as they are."""

Summary: TypeAlias = Literal["min", "mean", "max", "lastNotNull"]

Colour: TypeAlias = str
"""A name from Grafana's palette, which it shades for dark and light."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One query of a panel.

    Args:
        expression: PromQL with the variables of `dashboards.variables`.
        legend: What its series are called, with `{{label}}` for labels; in a table, the column of its value.
        exemplars: Whether the traces behind the numbers are shown as well.
    """

    expression: str
    legend: str = ""
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """From `value` upwards (None: from the lowest) the colour is this."""

    value: float | None
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What all kinds of panels have.

    Args:
        title: The question, or what is shown.
        description: What it says, and what to do when it looks bad.
        width, height: Of the board's 24 columns, and in its rows of 30 pixels.
        empty: What it says when there is nothing to show, and why that is.
        steps: Colours by value, lowest first; none leaves them to the palette.
        colours: Colours of series by the name in the legend.
    """

    title: str
    description: str
    targets: tuple[Target, ...]
    unit: Unit
    width: int
    height: int
    empty: str
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    steps: tuple[Step, ...] = ()
    colours: Mapping[str, Colour] = field(default_factory=dict[str, Colour])

    @property
    def instant(self) -> bool:
        """Whether it asks for the values of one moment, and not for those of the whole time shown."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSeries(Panel):
    """Lines over time; `stacked` ones are areas, one upon the other. `dashed` are the names of those drawn so.

    `summary` is which numbers the legend tells of each.
    """

    stacked: bool = False
    dashed: tuple[str, ...] = ()
    summary: tuple[Summary, ...] = ()

    @property
    def instant(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat(Panel):
    """One number, large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge(Panel):
    """One number between `least` and `most`, on a dial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarGauge(Panel):
    """One bar for each target or series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap(Panel):
    """How often each bucket of a histogram was met, over time; `y_unit` is that of the buckets."""

    y_unit: Unit

    @property
    def instant(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table with the numbers of the target of that legend.

    `steps` colour its numbers.
    """

    unit: Unit
    decimals: int
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Panel):
    """A row for each value of `label`, a column for each target, ordered by the column `sorted_by`, largest first.

    `link` leads from a row's label to somewhere else; Grafana fills in `${__value.raw}`.
    """

    label: str
    label_title: str
    columns: Mapping[str, Column]
    sorted_by: str
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A way to another page; `keeps_time` takes the chosen time along."""

    title: str
    url: str
    keeps_time: bool = True
    new_tab: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Panels that answer one question, below a line that asks it."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """What can be chosen on a board: the values of a label, of series that `selector` selects."""

    name: str
    title: str
    label: str
    selector: str
    several: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Moments to mark on all panels: those at which `expression` has series."""

    title: str
    expression: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard. `uid` is fixed, so that links and bookmarks last."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...]
    annotations: tuple[Annotation, ...]
    links: tuple[Link, ...]
    datasource: str | None = None

    @property
    def panels(self) -> Iterator[Panel]:
        """All panels in the order in which they are read."""
        for row in self.rows:
            yield from row.panels

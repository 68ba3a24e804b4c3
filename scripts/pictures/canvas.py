"""A picture to draw on, in pixels from the upper left corner, as screens count."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.text import Text
from PIL import Image

from scripts.pictures.look import CANVAS, EDGE, FAINT, GRID, PANEL, TEXT

_DPI = 100
SCALE = 1.25
"""Pixels of the picture for each pixel here."""

_COLOURS = 200
_FAMILY = "DejaVu Sans"
"""It comes with matplotlib, so a picture is the same wherever it is drawn."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the picture."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, left: float, top: float, right: float, bottom: float) -> Box:
        """What is left of it within these margins."""
        return Box(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom)


class Canvas:
    """An empty picture of this size."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width * SCALE / _DPI, height * SCALE / _DPI), dpi=_DPI, facecolor=CANVAS)
        self._renderer: RendererAgg = FigureCanvasAgg(self.figure).get_renderer()  # type: ignore[no-untyped-call]

    def frame(self, box: Box) -> None:
        """The background of a panel."""
        radius = 2 / self.width
        x, y, width, height = self._shares(box)
        self.figure.add_artist(
            FancyBboxPatch(
                (x, y),
                width,
                height,
                boxstyle=f"round,pad=0,rounding_size={radius}",
                mutation_aspect=self.width / self.height,
                facecolor=PANEL,
                edgecolor=EDGE,
                linewidth=0.8,
                zorder=-2,
            )
        )

    def rectangle(self, box: Box, colour: str) -> None:
        """A filled rectangle."""
        x, y, width, height = self._shares(box)
        self.figure.add_artist(Rectangle((x, y), width, height, facecolor=colour, linewidth=0, zorder=-1))

    def text(
        self,
        x: float,
        y: float,
        said: str,
        *,
        size: float = 12,
        colour: str = TEXT,
        align: Literal["left", "center", "right"] = "left",
        bold: bool = False,
        room: float | None = None,
    ) -> float:
        """A line of text whose middle is at `y`, cut to its room; gives its width."""
        if room is not None:
            said = self._cut(said, size, bold, room)
        self.figure.text(
            x / self.width,
            1 - y / self.height,
            said,
            color=colour,
            ha=align,
            va="center_baseline",
            fontproperties=_font(size, bold),
        )
        return self.width_of(said, size, bold)

    def width_of(self, said: str, size: float = 12, bold: bool = False) -> float:
        """How wide a line of text is."""
        measured: tuple[float, float, float] = self._renderer.get_text_width_height_descent(  # type: ignore[no-untyped-call]
            said, _font(size, bold), False
        )
        return measured[0] / SCALE

    def axes(self, box: Box) -> Axes:
        """Axes that fill the box, as quiet as Grafana's; their labels stand outside of it."""
        axes = self.figure.add_axes(self._shares(box), facecolor="none")
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.grid(color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(colors=FAINT, length=0, labelsize=_points(10.5), pad=4)
        return axes

    def texts(self) -> list[Text]:
        """All texts that are to be seen."""
        return [text for text in self.figure.findobj(Text) if text.get_visible() and text.get_text().strip()]

    def save(self, path: Path) -> None:
        """Write the picture as PNG, of few colours, which is a third of the size."""
        drawn = io.BytesIO()
        self.figure.savefig(drawn, format="png", facecolor=CANVAS)
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(drawn) as image:
            few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        few.save(path, optimize=True)

    def _shares(self, box: Box) -> tuple[float, float, float, float]:
        return (
            box.x / self.width,
            1 - (box.y + box.height) / self.height,
            box.width / self.width,
            box.height / self.height,
        )

    def _cut(self, said: str, size: float, bold: bool, room: float) -> str:
        if self.width_of(said, size, bold) <= room:
            return said
        while said and self.width_of(f"{said}…", size, bold) > room:
            said = said[:-1]
        return f"{said.rstrip()}…"


def _points(size: float) -> float:
    return size * SCALE * 72 / _DPI


def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family=_FAMILY, size=_points(size), weight="bold" if bold else "normal")

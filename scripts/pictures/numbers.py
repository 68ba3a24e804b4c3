"""How numbers read in their units, about as Grafana writes them."""

from __future__ import annotations

import math
import re

from retold.dashboards.boards.model import Unit


def spelled(value: float, unit: Unit, decimals: int | None = None) -> str:
    """A number with its unit; `decimals` None gives three significant digits."""
    if math.isnan(value):
        return "-"
    match unit:
        case "percentunit":
            return f"{_rounded(value * 100, decimals)}%"
        case "s":
            return _duration(value, decimals)
        case "cps":
            return f"{_in_thousands(value, decimals)} c/s"
        case "short":
            return _in_thousands(value, decimals)
        case "locale":
            return f"{value:,.{decimals or 0}f}"
        case "none":
            return _rounded(value, decimals)


def tick(value: float, unit: Unit) -> str:
    """The same beside an axis, without zeros at the end."""
    return re.sub(r"(\.\d*?)0+(?=\D|$)", lambda found: found[1].rstrip("."), spelled(round(value, 9), unit))


def _duration(seconds: float, decimals: int | None) -> str:
    for name, length in (("min", 60.0), ("s", 1.0)):
        if abs(seconds) >= length:
            return f"{_rounded(seconds / length, decimals)} {name}"
    return "0 s" if seconds == 0 else f"{_rounded(seconds * 1000, decimals)} ms"


def _in_thousands(value: float, decimals: int | None) -> str:
    for name, size in (("Mil", 1e6), ("K", 1e3)):
        if abs(value) >= size:
            return f"{_rounded(value / size, decimals)} {name}"
    return _rounded(value, decimals)


def _rounded(value: float, decimals: int | None) -> str:
    if decimals is None:
        whole = round(value, 6) % 1 == 0
        decimals = 0 if whole else max(0, 2 - math.floor(math.log10(abs(value) or 1)))
    return f"{value:.{min(decimals, 4)}f}"

"""A command-line parser that says what is wrong in one line, and the checks that its options share."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import urlsplit


class Parser(argparse.ArgumentParser):
    """`argparse`, with one line on standard error and status 2 for wrong use."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """None but known ones: the command that gets an unknown one names it, and itself, and not its parent."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message} (see {self.prog} --help)\n")
        raise SystemExit(2)


def number(
    rule: str, *, above: float = -math.inf, least: float = -math.inf, most: float = math.inf
) -> Callable[[str], float]:
    """A finite number within these bounds; `rule` says them in words, as in `must be {rule}`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value > above and least <= value <= most):
            raise argparse.ArgumentTypeError(f"must be {rule}, not {text}")
        return value

    return parse


def whole(rule: str, *, least: int, most: int) -> Callable[[str], int]:
    """A whole number within these bounds."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be {rule}, not {text}")
        return value

    return parse


METRICS_URL = "http://127.0.0.1:9464/metrics"
"""What an endpoint that Prometheus scrapes looks like."""


def url(example: str) -> Callable[[str], str]:
    """The address of a server that speaks HTTP, such as this one."""

    def parse(text: str) -> str:
        try:
            parts = urlsplit(text)
            well = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is no number
            well = False
        if not well:
            raise argparse.ArgumentTypeError(f"must be an address such as {example}, not {text}")
        return text

    return parse

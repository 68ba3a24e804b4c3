"""Draw boards as PNG pictures, without Grafana: their own queries, asked of a live Prometheus.

    python -m scripts.draw_boards --demo
        run the demo with an incident for four minutes under a Prometheus of its own, then draw both boards
        as docs/images/overview.png and docs/images/operation.png

    python -m scripts.draw_boards --prometheus http://127.0.0.1:9090 --board overview --from 15m --output FILE

Needs the dependency group `pictures`, and with `--demo` also Prometheus.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from retold.dashboards.boards import all_boards
from retold.dashboards.options import Options

try:
    from scripts.pictures.board import draw_board
except ImportError as error:
    sys.exit(f"drawing boards needs the dependency group `pictures` (pip install --group pictures): {error}")
from scripts.pictures.prometheus import Asking, PrometheusError

IMAGES = Path(__file__).parents[1] / "docs" / "images"
_POINTS = 240
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def ago(text: str) -> float:
    """Seconds, from a text such as `15m`, `-15m` or `now-15m`."""
    found = re.fullmatch(r"(?:now)?-?(\d+)([smhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"must be a time such as 90s, 15m or 6h, not {text}")
    return float(found[1]) * _UNITS[found[2]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw what was asked for; 1 if it could not be."""
    boards = all_boards(Options())
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", action="store_true", help="run the demo and a Prometheus, and draw both boards")
    parser.add_argument("--prometheus", metavar="URL", default="http://127.0.0.1:9090", help="whom to ask")
    parser.add_argument("--board", choices=boards, default="overview", help="which board")
    parser.add_argument("--operation", metavar="NAME", help="whose board: the one with the most give-ups unless given")
    parser.add_argument("--from", dest="shown", metavar="TIME", type=ago, default=900.0, help="how far back (15m)")
    parser.add_argument("--scrape-interval", metavar="TIME", type=ago, default=15.0, help="that of the server (15s)")
    parser.add_argument("--output", metavar="FILE", type=Path, help="the PNG (docs/images/BOARD.png)")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.demo:
            _draw_demo()
        else:
            end = time.time()
            path = chosen.output or IMAGES / f"{chosen.board}.png"
            _draw(
                chosen.board, chosen.prometheus, end - chosen.shown, end, chosen.scrape_interval, chosen.operation, path
            )
    except (PrometheusError, RuntimeError, OSError) as error:
        print(f"draw_boards: {error}", file=sys.stderr)
        return 1
    return 0


def _draw_demo() -> None:
    from scripts.pictures.demo import SCRAPE_INTERVAL, scraped_demo

    with scraped_demo(_tell) as (url, start, end):
        for name in all_boards(Options()):
            _draw(name, url, start, end, SCRAPE_INTERVAL, "papers.fetch", IMAGES / f"{name}.png")


def _draw(
    name: str, url: str, start: float, end: float, scrape_interval: float, operation: str | None, path: Path
) -> None:
    board = all_boards(Options())[name]
    step = max(scrape_interval, round((end - start) / _POINTS))
    asking = Asking(
        url=url.rstrip("/"),
        start=start,
        end=end,
        operation=".+",
        step=step,
        rate_interval=max(step + scrape_interval, 4 * scrape_interval),
    )
    if name == "operation":
        known = asking.operations()
        if not known:
            raise PrometheusError(f"{url} has no metrics of Retold in this time")
        asking = asking.of(operation or known[0])
    draw_board(board, asking, _tell).save(path)
    print(f"drew {path} ({path.stat().st_size / 1000:.0f} kB)")


def _tell(what: str) -> None:
    print(f"  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

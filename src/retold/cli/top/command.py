"""The command `retold top`: a live view of any process that serves Retold's metrics."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from retold.cli import signals
from retold.cli.output import close_output, is_terminal
from retold.cli.parser import METRICS_URL, Parser, number, url
from retold.cli.top import plain
from retold.cli.top.watch import Watch

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_DESCRIPTION = """\
Watch what retries do in running processes: effective beside actual success, give-ups and waits of each operation, from
the /metrics that Prometheus would scrape. On a terminal this is a live view, elsewhere a line for each operation.
"""


def add_to(commands: _SubParsersAction[Parser]) -> None:
    """Add the command `top`."""
    parser = commands.add_parser("top", help="watch retries in running processes", description=_DESCRIPTION)
    parser.add_argument(
        "urls",
        nargs="+",
        type=_endpoint,
        metavar="URL",
        help="where a /metrics is, as in http://127.0.0.1:9464/metrics; the numbers of several are added up",
    )
    parser.add_argument(
        "--every",
        type=number("a number of seconds from 0.1 to 60", least=0.1, most=60),
        default=1.0,
        metavar="SECONDS",
        help="how often to look (default: %(default)g)",
    )
    parser.add_argument("--once", action="store_true", help="look twice, print what happened in between, and end")
    parser.add_argument("--plain", action="store_true", help="print lines, on a terminal too")
    parser.set_defaults(run=lambda chosen: _run(parser, chosen))


def _endpoint(text: str) -> str:
    parts = urlsplit(url(METRICS_URL)(text))
    return parts._replace(path="/metrics").geturl() if parts.path in ("", "/") else text


def _run(parser: Parser, chosen: argparse.Namespace) -> int:
    signals.end_at_once()
    try:
        # One thread for each: an endpoint that is silent must not hold up the others.
        with ThreadPoolExecutor(len(chosen.urls)) as threads:
            watch = Watch(chosen.urls, chosen.every, threads)
            return asyncio.run(_how(parser, chosen)(watch, chosen.every))
    except BrokenPipeError:
        # Nobody reads on, as in `retold top URL | head`.
        close_output()
        return 0
    except OSError as error:
        close_output()
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 1
    finally:
        signals.ignore()


def _how(parser: Parser, chosen: argparse.Namespace) -> Callable[[Watch, float], Coroutine[None, None, int]]:
    if chosen.once:
        return _once
    if chosen.plain or not is_terminal():
        return _lines
    try:
        from retold.cli.top.live import show  # the extra's library, which nothing else here needs
    except ImportError as error:
        parser.error(
            f"{error.name} is not installed, which the live view needs: pip install 'retold[demo]', or --plain"
        )
    return show


async def _once(watch: Watch, every: float) -> int:
    stop = asyncio.Event()
    signals.set_instead(stop)
    await asyncio.to_thread(watch.look)
    if not await _stopped_within(every, stop):
        await asyncio.to_thread(watch.look)
    _print(watch)
    return 1 if watch.unseen else 0


async def _lines(watch: Watch, every: float) -> int:
    stop = asyncio.Event()
    signals.set_instead(stop)
    await asyncio.to_thread(watch.look)
    while not await _stopped_within(every, stop):
        await asyncio.to_thread(watch.look)
        _print(watch)
    return 0


def _print(watch: Watch) -> None:
    for name, reason in watch.unseen.items():
        sys.stderr.write(f"retold top: {name}: {reason}\n")
    if watch.scene.rows:
        print(*plain.lines(watch.scene), sep="\n", flush=True)


async def _stopped_within(seconds: float, stop: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()

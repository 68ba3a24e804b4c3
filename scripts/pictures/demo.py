"""Something to draw: the demo with budgets and an incident, scraped by a real Prometheus, both started here."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.services.ports import free_port
from tests.services.prometheus import PrometheusServer

SCRAPE_INTERVAL = 5.0
RUN, INCIDENT_AT, INCIDENT_FOR = 270, 80, 120
"""Seconds that the demo runs, after which the incident begins, and that it lasts."""

_CALLS_PER_SECOND = 24


@contextmanager
def scraped_demo(tell: Callable[[str], None]) -> Generator[tuple[str, float, float], None, None]:
    """The address of a Prometheus that has scraped the whole run, and when the run began and ended.

    Raises:
        RuntimeError: The demo ended too soon; the message is what it said.
    """
    port = free_port()
    scraping = PrometheusServer([f"127.0.0.1:{port}"], every=f"{SCRAPE_INTERVAL:g}s")
    with TemporaryDirectory() as folder, scraping as server:
        with (Path(folder) / "log").open("w+") as log:
            process = subprocess.Popen(_command(port, Path(folder)), stdout=log, stderr=subprocess.STDOUT)
            try:
                # Prometheus hands targets to its scrapers on a tick of its own, and a rate needs two scrapes.
                began = time.time() + 10
                while (left := began + RUN - time.time()) > 0:
                    if process.poll() is not None:
                        log.seek(0)
                        raise RuntimeError(f"the demo ended {left:.0f} s too soon:\n{log.read()[-1000:]}")
                    tell(f"the demo runs for another {left:.0f} s")
                    time.sleep(min(left, 15))
                yield server.url, began, time.time()
            finally:
                process.terminate()
                process.wait(timeout=30)


def _command(port: int, folder: Path) -> list[str]:
    options = {
        "--rate": _CALLS_PER_SECOND,
        "--duration": RUN + 60,
        "--incident-at": INCIDENT_AT,
        "--incident-for": INCIDENT_FOR,
        "--seed": 7,
        "--failure-rate": 0.12,
        "--port": port,
        "--output": folder / "run",
    }
    words = (str(part) for pair in options.items() for part in pair)
    return [sys.executable, "-m", "scripts.pictures.budgets", "demo", "--plain", *words]

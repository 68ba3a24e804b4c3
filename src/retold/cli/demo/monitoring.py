"""The demo's Prometheus and Alertmanager: the shipped configuration and rules, under the programs of this machine."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Self

from retold import dashboards
from retold.cli.demo.kept import Kept
from retold.cli.demo.receiver import Receiver

RECEIVER_URL = "http://receiver:9095/"
"""Where the shipped configuration of Alertmanager sends alerts: the receiver's name among containers."""


class MissingProgramError(RuntimeError):
    """A program is not on PATH; says how to have it."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the programs are."""

    prometheus: str
    alertmanager: str

    @classmethod
    def found(cls) -> Self:
        """Those on PATH.

        Raises:
            MissingProgramError: One is not there.
        """
        return cls(_path_of("prometheus"), _path_of("alertmanager", "prometheus-alertmanager"))


class Monitoring:
    """Prometheus scraping the demo, Alertmanager hearing of its alerts, and a receiver telling them.

    Leaving its context ends them; so does the end of this process.

    Args:
        programs: What to start.
        folder: Where their files go; it must not exist.
        target: The demo's /metrics, as `host:port`.
        say: Takes a line for each alert that fires or is over, in a thread of its own.
        time_scale: Divides every window of the rules.

    Raises:
        KeptError: A program did not start.
        OSError: A file could not be written.
    """

    def __init__(
        self, programs: Programs, folder: Path, target: str, say: Callable[[str], None], *, time_scale: float = 1.0
    ) -> None:
        with ExitStack() as started:
            receiver = Receiver(say)
            started.callback(receiver.close)
            folder.mkdir()
            write_configuration(folder, target, receiver.url, time_scale)
            self._alertmanager = started.enter_context(
                Kept.start(
                    lambda address: [
                        programs.alertmanager,
                        f"--config.file={folder / 'alertmanager.yml'}",
                        f"--storage.path={folder / 'alertmanager'}",
                        f"--web.listen-address={address}",
                        "--cluster.listen-address=",
                        "--log.level=warn",
                    ],
                    folder / "alertmanager.log",
                )
            )
            _write_targets(folder / "targets" / "alertmanager.yml", self._alertmanager.address)
            self._prometheus = started.enter_context(
                Kept.start(
                    lambda address: [
                        programs.prometheus,
                        f"--config.file={folder / 'prometheus.yml'}",
                        f"--storage.tsdb.path={folder / 'prometheus'}",
                        f"--web.listen-address={address}",
                        "--enable-feature=exemplar-storage",
                        "--log.level=warn",
                    ],
                    folder / "prometheus.log",
                )
            )
            self._started = started.pop_all()
        self.prometheus_url = self._prometheus.url
        self.alertmanager_url = self._alertmanager.url

    def check(self) -> None:
        """See that both programs still run.

        Raises:
            KeptError: One has ended.
        """
        self._prometheus.check()
        self._alertmanager.check()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()


def write_configuration(folder: Path, target: str, receiver_url: str, time_scale: float = 1.0) -> None:
    """Write all that Prometheus and Alertmanager read, but for where Alertmanager is.

    Args:
        folder: Gets the files, laid out as their configuration wants them.
        target: What Prometheus scrapes, as `host:port`.
        receiver_url: Where Alertmanager sends alerts.
        time_scale: Divides every window of the rules.
    """
    shipped = resources.files("retold.cli.demo") / "stack"
    settings = (shipped / "prometheus.yml").read_text(encoding="utf-8")
    (folder / "prometheus.yml").write_text(_in_time(settings, time_scale), encoding="utf-8")
    routes = (shipped / "alertmanager.yml").read_text(encoding="utf-8")
    (folder / "alertmanager.yml").write_text(routes.replace(RECEIVER_URL, receiver_url), encoding="utf-8")
    (folder / "rules").mkdir()
    for path, text in dashboards.files(dashboards.Options(time_scale=time_scale)).items():
        if path.startswith("prometheus/"):
            (folder / "rules" / PurePosixPath(path).name).write_text(text, encoding="utf-8")
    (folder / "targets").mkdir()
    _write_targets(folder / "targets" / "demo.yml", target)


def _in_time(settings: str, time_scale: float) -> str:
    """Have the shortest windows, of five minutes before they are divided, hold five scrapes."""
    seconds = min(5.0, max(0.5, 60 / time_scale))
    return re.sub(r"(_(?:interval|timeout)): \d+s", rf"\1: {seconds * 1000:.0f}ms", settings)


def _write_targets(path: Path, address: str) -> None:
    path.write_text(json.dumps([{"targets": [address]}]) + "\n", encoding="utf-8")  # JSON is YAML too


def _path_of(program: str, *otherwise: str) -> str:
    for name in (program, *otherwise):
        path = shutil.which(name)
        if path is not None:
            return path
    package = otherwise[-1] if otherwise else program
    raise MissingProgramError(
        f"{program} is not on PATH: sudo apt-get install {package}, or see https://prometheus.io/download/"
    )

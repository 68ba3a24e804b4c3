"""The real Prometheus, to ask what it makes of what we expose."""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypedDict
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from tests.services.needs import need
from tests.services.ports import free_port
from tests.services.processes import POLL_INTERVAL, serve

# 127.0.0.1 is never behind the proxy that the environment may name.
_direct = build_opener(ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Sample:
    """One series' value at the instant of a query."""

    labels: dict[str, str]
    value: float


class Exemplar(TypedDict):
    """One exemplar: the labels of its series, its own labels, its value and its time since 1970."""

    series: dict[str, str]
    labels: dict[str, str]
    value: float
    timestamp: float


class PrometheusServer:
    """Scrapes `targets`, each `host:port`, four times a second while it is entered.

    The first scrape comes five seconds after the start, whatever the interval: Prometheus hands new
    targets to its scrapers on a tick of its own. Tests that only ask should share one server.

    Scrapes, and evaluates `rules`, `every` so often; what fires goes to `alertmanagers`.

    Skips the test, or fails it, as `need` does if Prometheus is not installed.

    Args:
        targets: What to scrape, each as `host:port`.
        every: A duration as Prometheus writes it.
        rules: Files of recording and alerting rules.
        alertmanagers: Each as `host:port`.
    """

    binary, package = "prometheus", "prometheus"

    def __init__(
        self,
        targets: Sequence[str],
        *,
        every: str = "250ms",
        rules: Sequence[Path] = (),
        alertmanagers: Sequence[str] = (),
    ) -> None:
        self.url = ""
        self._targets = list(targets)
        self._every = every
        self._rules = list(rules)
        self._alertmanagers = list(alertmanagers)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        binary = need(self.binary, self.package)
        self._running = serve(lambda folder: self._command(binary, folder), self._answers_from)
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def query(self, promql: str, *, at: float | None = None) -> list[Sample]:
        """Evaluate an expression that gives an instant vector or a scalar, now or `at` another Unix time.

        Raises:
            ValueError: Prometheus refused the expression; the message is its answer.
        """
        data = self._api("query", query=promql, **({} if at is None else {"time": at}))
        match data["resultType"]:
            case "vector":
                return [Sample(item["metric"], float(item["value"][1])) for item in data["result"]]
            case "scalar":
                return [Sample({}, float(data["result"][1]))]
            case other:
                raise ValueError(f"an instant vector or a scalar is needed, not a {other}: {promql}")

    def times(self, promql: str, *, at: float) -> list[float]:
        """Return when there are samples, in Unix time, for an expression that gives a range vector, at a Unix time."""
        return sorted(
            {time for item in self._api("query", query=promql, time=at)["result"] for time, _ in item["values"]}
        )

    def wait_until(self, promql: str, predicate: Callable[[list[Sample]], bool], timeout: float = 15) -> list[Sample]:
        """Return the samples of `promql` once `predicate` holds for them.

        Raises:
            TimeoutError: It did not within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while not predicate(samples := self.query(promql)):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"after {timeout} s {promql} is still {samples}")
            time.sleep(POLL_INTERVAL)
        return samples

    def exemplars(self, promql: str) -> list[Exemplar]:
        """Return the exemplars of the last hour, of every series that `promql` selects."""
        now = time.time()
        return [
            Exemplar(
                series=of_series["seriesLabels"],
                labels=item["labels"],
                value=float(item["value"]),
                timestamp=item["timestamp"],
            )
            for of_series in self._api("query_exemplars", query=promql, start=now - 3600, end=now + 60)
            for item in of_series["exemplars"]
        ]

    def targets_up(self) -> bool:
        """Tell whether the last scrape of every target succeeded."""
        active = self._api("targets", state="active")["activeTargets"]
        return len(active) == len(self._targets) and all(target["health"] == "up" for target in active)

    def alertmanagers(self) -> list[str]:
        """Return the addresses that it sends alerts to."""
        return [active["url"] for active in self._api("alertmanagers")["activeAlertmanagers"]]

    def _command(self, binary: str, folder: Path) -> list[str]:
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        alerted = [{"static_configs": [{"targets": self._alertmanagers}]}]
        whole = self._scrape_config()
        whole["global"]["evaluation_interval"] = self._every
        whole |= {"rule_files": [str(path.resolve()) for path in self._rules], "alerting": {"alertmanagers": alerted}}
        config = folder / "prometheus.yml"
        config.write_text(json.dumps(whole))  # JSON is YAML too
        return [
            binary,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--enable-feature=exemplar-storage",
            "--web.enable-lifecycle",
            # It finds alertmanagers after five seconds, and would send what fired before then a minute later.
            "--rules.alert.resend-delay=1s",
            "--log.level=warn",
        ]

    def _scrape_config(self) -> dict[str, Any]:
        jobs = [{"job_name": "test", "static_configs": [{"targets": self._targets}]}]
        return {"global": {"scrape_interval": self._every, "scrape_timeout": self._every}, "scrape_configs": jobs}

    def _answers_from(self, folder: Path) -> bool:
        # Whoever took the port may be a Prometheus too: only ours works in our folder.
        try:
            self._read("/-/ready")
            return bool(self._api("status/runtimeinfo")["CWD"] == str(folder))
        except (OSError, ValueError):
            return False

    def _api(self, name: str, **parameters: str | float) -> Any:
        return json.loads(self._read(f"/api/v1/{name}?{urlencode(parameters)}"))["data"]

    def _read(self, path: str) -> bytes:
        try:
            with _direct.open(self.url + path, timeout=5) as response:
                body: bytes = response.read()
                return body
        except HTTPError as error:
            with error:
                raise ValueError(error.read().decode()) from None


def promtool_check_metrics(text: str) -> tuple[int, str]:
    """Return the exit status and the output of `promtool check metrics` for an exposition in text format."""
    command = [need("promtool", "prometheus"), "check", "metrics"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr


def promtool_check_config(path: Path) -> tuple[int, str]:
    """Return the exit status and the output of `promtool check config` for a file, and the files that it names."""
    command = [need("promtool", "prometheus"), "check", "config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr

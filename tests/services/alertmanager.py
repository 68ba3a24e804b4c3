"""The real Alertmanager, to see which alerts reach it and where it sends them."""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from urllib.request import ProxyHandler, Request, build_opener

from tests.services.needs import need
from tests.services.ports import free_port
from tests.services.processes import POLL_INTERVAL, serve

# 127.0.0.1 is never behind the proxy that the environment may name.
_direct = build_opener(ProxyHandler({}))


class AlertmanagerServer:
    """Takes alerts while it is entered, and sends them on at once.

    `address` is its `host:port`, as `alertmanagers` of a PrometheusServer wants it, `url` the same as an address.

    Skips the test, or fails it, as `need` does if Alertmanager is not installed.

    Args:
        config: The text of its configuration; unless given, every alert goes to `webhook`.
        webhook: An address that takes alerts as Alertmanager posts them to a webhook; nowhere unless given.
    """

    def __init__(self, *, config: str | None = None, webhook: str | None = None) -> None:
        self.address = self.url = ""
        self._config = _to(webhook) if config is None else config
        self._running = ExitStack()

    def __enter__(self) -> Self:
        binary = need("prometheus-alertmanager", "prometheus-alertmanager")
        self._running = serve(lambda folder: self._command(binary, folder), lambda _: self._answers())
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that it holds, as its API writes them."""
        return list(json.loads(self._read("/api/v2/alerts")))

    def wait_until(self, claim: Callable[[list[dict[str, Any]]], bool], timeout: float = 15) -> list[dict[str, Any]]:
        """Return its alerts once `claim` holds for them.

        Raises:
            TimeoutError: It did not within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while not claim(alerts := self.alerts()):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"after {timeout} s the alerts are still {alerts}")
            time.sleep(POLL_INTERVAL)
        return alerts

    def take(self, alerts: Sequence[dict[str, Any]]) -> None:
        """Give it alerts, as Prometheus does: `labels`, `annotations`, and `endsAt` for one that is over."""
        headers = {"Content-Type": "application/json"}
        body = Request(f"{self.url}/api/v2/alerts", json.dumps(alerts).encode(), headers)
        _direct.open(body, timeout=5).close()

    def _command(self, binary: str, folder: Path) -> list[str]:
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        config = folder / "alertmanager.yml"
        config.write_text(self._config)
        return [
            binary,
            f"--config.file={config}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]

    def _answers(self) -> bool:
        try:
            self._read("/-/ready")
            return self.alerts() == []  # whoever took the port would rather answer otherwise
        except (OSError, ValueError):
            return False

    def _read(self, path: str) -> bytes:
        with _direct.open(self.url + path, timeout=5) as response:
            body: bytes = response.read()
            return body


def amtool_check_config(path: Path) -> tuple[int, str]:
    """Return the exit status and the output of `amtool check-config` for a file."""
    command = [need("amtool", "prometheus-alertmanager"), "check-config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr


def _to(webhook: str | None) -> str:
    receiver: dict[str, Any] = {"name": "test"}
    if webhook is not None:
        receiver["webhook_configs"] = [{"url": webhook, "send_resolved": True}]
    times = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}
    return json.dumps({"route": {"receiver": "test", **times}, "receivers": [receiver]})  # JSON is YAML too

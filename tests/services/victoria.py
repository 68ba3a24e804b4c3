"""VictoriaMetrics and its vmalert: a second store of metrics, and a second opinion on rules."""

import json
import subprocess
from pathlib import Path

from tests.services.needs import need
from tests.services.ports import free_port
from tests.services.prometheus import PrometheusServer


class VictoriaMetricsServer(PrometheusServer):
    """Scrapes `targets` and answers PromQL, as a PrometheusServer does; it has no exemplars.

    Skips the test, or fails it, as `need` does if VictoriaMetrics is not installed.
    """

    binary, package = "victoria-metrics", "victoria-metrics"

    def _command(self, binary: str, folder: Path) -> list[str]:
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        config = folder / "scrape.yml"
        config.write_text(json.dumps(self._scrape_config()))
        return [
            binary,
            f"-storageDataPath={folder / 'data'}",
            f"-httpListenAddr={address}",
            f"-promscrape.config={config}",
            "-search.latencyOffset=0s",
            "-loggerLevel=WARN",
        ]

    def _answers_from(self, folder: Path) -> bool:
        try:
            return str(folder).encode() in self._read("/flags")
        except (OSError, ValueError):
            return False


def vmalert_check_rules(path: Path) -> tuple[int, str]:
    """Return the exit status and the output of `vmalert -dryRun` for a file of rules."""
    command = [need("vmalert", "victoria-metrics"), "-dryRun", f"-rule={path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr

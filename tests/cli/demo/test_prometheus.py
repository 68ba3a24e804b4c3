"""`retold demo --prometheus`: the programs of this machine, with the shipped configuration, for as long as it runs."""

import os
import re
import signal
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from retold.cli.demo.kept import KeptError
from retold.cli.demo.monitoring import Monitoring, Programs
from tests.cli.demo.running import Demo, wait_until
from tests.services.alertmanager import AlertmanagerServer
from tests.services.needs import need
from tests.services.prometheus import PrometheusServer

WATCHED = ("--prometheus", "--plain")


@pytest.fixture(autouse=True)
def _programs() -> None:
    need("prometheus", "prometheus")
    need("prometheus-alertmanager", "prometheus-alertmanager")


def test_it_is_scraped_and_its_alerts_are_printed(tmp_path: Path) -> None:
    with Demo(tmp_path, *WATCHED, "--rate=60", "--failure-rate=0.9") as demo:
        prometheus, alertmanager = PrometheusServer([demo.metrics_url]), AlertmanagerServer()
        prometheus.url = demo.wait_for_line(r"prometheus: +(\S+)/graph and \S+/alerts")[1]
        alertmanager.url = demo.wait_for_line(r"alertmanager: +(\S+)")[1]

        [sample] = prometheus.wait_until("up == 1", bool, timeout=30)
        assert sample.labels["job"] == "retold-demo"
        prometheus.wait_until("retold_attempts_total", bool, timeout=30)
        wait_until(lambda: prometheus.alertmanagers() == [f"{alertmanager.url}/api/v2/alerts"], timeout=30)

        alertmanager.take([{"labels": {"alertname": "Rehearsal", "severity": "info"}}])
        demo.wait_for_line(r"^FIRING Rehearsal info\s*$")

        assert demo.end(signal.SIGINT) == 0
        assert demo.errors == ""


def have_ended(demo: Demo) -> bool:
    return demo.servers == []


def start_up(demo: Demo) -> None:
    wait_until(lambda: demo.upstream is not None, timeout=30)


def load(demo: Demo) -> None:
    demo.wait_for_line("calls ended")


@pytest.mark.parametrize("moment", [start_up, load], ids=lambda moment: moment.__name__)
def test_its_servers_end_with_it_however_it_ends(tmp_path: Path, moment: Callable[[Demo], None]) -> None:
    with ExitStack() as running:
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
        demos = [running.enter_context(Demo(tmp_path / number.name, *WATCHED)) for number in numbers]
        for demo in demos:
            moment(demo)

        statuses = [demo.end(number) for demo, number in zip(demos, numbers, strict=True)]

        assert statuses == [0, 0, -signal.SIGKILL]
        for demo in demos:
            assert demo.errors == ""
            wait_until(partial(have_ended, demo), timeout=30)


def test_its_servers_end_with_it_when_the_time_is_up_and_leave_what_they_read(tmp_path: Path) -> None:
    with Demo(tmp_path, *WATCHED, "--duration=0.5") as demo:
        assert demo.end() == 0

        assert (demo.errors, demo.servers) == ("", [])
    config = tmp_path / "prometheus"
    assert {"prometheus.yml", "alertmanager.yml", "prometheus.log"} <= {path.name for path in config.iterdir()}
    assert re.fullmatch(r'\[\{"targets": \["127\.0\.0\.1:\d+"\]\}\]\n', (config / "targets" / "demo.yml").read_text())


def test_the_end_of_one_of_them_is_told_and_ends_it(tmp_path: Path) -> None:
    with Demo(tmp_path, *WATCHED) as demo:
        demo.wait_for_line("calls ended")
        [prometheus] = (pid for pid in demo.servers if Path(f"/proc/{pid}/exe").resolve().name == "prometheus")
        os.kill(prometheus, signal.SIGKILL)

        assert demo.end() == 1

        assert re.fullmatch(
            r"retold demo: prometheus has ended with status 137 before the run did: see \S+/prometheus\.log\n",
            demo.errors,
        )
        assert demo.servers == []


def test_the_failure_of_its_upstream_ends_them_too(tmp_path: Path) -> None:
    with Demo(tmp_path, *WATCHED) as demo:
        demo.wait_for_line("calls ended")
        assert demo.upstream
        os.kill(demo.upstream, signal.SIGKILL)

        assert demo.end() == 1

        assert demo.servers == []


def test_a_program_that_does_not_start_leaves_none_behind(tmp_path: Path) -> None:
    refusing = tmp_path / "prometheus"
    refusing.write_text("#!/bin/sh\necho no, thanks\nexit 2\n")
    refusing.chmod(0o755)
    programs = Programs(str(refusing), need("prometheus-alertmanager", "prometheus-alertmanager"))

    with pytest.raises(KeptError, match=r"prometheus ended with status 2: no, thanks \(see .*prometheus.log\)"):
        Monitoring(programs, tmp_path / "run", "127.0.0.1:9", lambda _: None)

    log = (tmp_path / "run" / "alertmanager.log").read_text()
    assert "Received SIGTERM" in log or log == ""


def test_an_alertmanager_by_debians_name_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("prometheus", "prometheus-alertmanager"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert Programs.found() == Programs(str(tmp_path / "prometheus"), str(tmp_path / "prometheus-alertmanager"))

    (tmp_path / "alertmanager").touch(mode=0o755)
    assert Programs.found().alertmanager == str(tmp_path / "alertmanager")

"""The receiver of alerts: one line for each, whatever is in it, and never a traceback."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest

from retold.cli.demo.receiver import Receiver
from tests.services.ports import free_port

FIRING = {
    "status": "firing",
    "labels": {"alertname": "RetoldGiveUps", "severity": "info", "retold_operation": "papers.fetch", "job": "shop"},
    "annotations": {"summary": "papers.fetch gives up"},
}
FIRING_LINE = "FIRING RetoldGiveUps info job=shop retold_operation=papers.fetch papers.fetch gives up"
BARE = {"status": "resolved", "labels": {"alertname": "Down"}}
TORN = {"status": "firing", "labels": {"alertname": "Torn", "severity": "a\nb"}, "annotations": {"summary": "x\r\n\ty"}}


@contextmanager
def listening(say: Callable[[str], None]) -> Iterator[str]:
    receiver = Receiver(say)
    yield receiver.url
    receiver.close()


def post(url: str, body: bytes) -> int:
    """The status of the answer."""
    try:
        with build_opener(ProxyHandler({})).open(url, body, timeout=5) as response:
            return int(response.status)
    except HTTPError as error:
        with error:
            return error.code


def of(*alerts: dict[str, Any]) -> bytes:
    return json.dumps({"alerts": alerts}).encode()


def test_each_alert_is_one_line_whatever_is_in_it() -> None:
    said: list[str] = []

    with listening(said.append) as url:
        assert post(url, of(FIRING, BARE, TORN)) == 200

    assert said == [FIRING_LINE, "RESOLVED Down -", "FIRING Torn a b x y"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"alerts": 1}', of({"labels": {}}), of({"status": 1})])
def test_what_is_no_alert_is_refused_and_not_told(body: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []

    with listening(said.append) as url:
        assert post(url, body) == 400

    assert said == []
    assert capfd.readouterr() == ("", "")


def test_an_alert_that_nobody_reads_may_come_again(capfd: pytest.CaptureFixture[str]) -> None:
    def broken(_: str) -> None:
        raise BrokenPipeError

    with listening(broken) as url:
        assert post(url, of(FIRING)) == 503

    assert capfd.readouterr() == ("", "")


def test_says_that_it_is_there_to_who_asks_and_leaves_no_thread() -> None:
    before = threading.active_count()

    with listening(lambda _: None) as url, build_opener(ProxyHandler({})).open(url, timeout=5) as response:
        assert response.status == 200

    assert threading.active_count() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_as_a_program_it_prints_until_it_is_ended(number: signal.Signals) -> None:
    port = free_port()
    command = [sys.executable, "-m", "retold.cli.demo.receiver", f"--port={port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout
        assert program.stdout.readline() == f"listening on http://127.0.0.1:{port}/\n"
        post(f"http://127.0.0.1:{port}/", of(FIRING))
        assert program.stdout.readline() == f"{FIRING_LINE}\n"

        program.send_signal(number)

        assert program.communicate(timeout=10) == ("", "")
        assert program.returncode == 0

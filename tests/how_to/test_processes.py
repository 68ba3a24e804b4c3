"""The recipes for servers with several processes: every call of every process arrives, once."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from retold.cli.doctor import endpoint
from tests.how_to.recipes import PAGE, Running, command, get, upstream, write_files
from tests.services.otlp import OtlpSink
from tests.services.ports import free_port

CALLS = 24


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(tmp_path)
    return tmp_path


@pytest.fixture
def address() -> Iterator[str]:
    with upstream() as made:
        yield made


def until_up(running: Running, url: str) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + 30
    while True:
        try:
            get(url)
        except (URLError, ConnectionError):
            assert running.is_running(), running.said()
            assert time.monotonic() < deadline, running.said()
            time.sleep(0.05)
        else:
            return


def ask_until_two_have_served(url: str) -> int:
    """Ask until two processes have, and at least so often; how often that was."""
    processes: set[str] = set()
    asked = 0
    while asked < CALLS or len(processes) < 2:
        page, process = get(url)
        assert page == PAGE
        processes.add(process)
        asked += 1
        assert asked < 2000
    return asked


def assert_told(sink: OtlpSink, calls: int) -> None:
    """Whether the spans of so many calls, each with one retry, have arrived, once."""
    spans = sink.wait_for(3 * calls)
    ours = [span for span in spans if span.name.endswith("shop.fetch")]
    assert Counter(span.name for span in ours) == {"shop.fetch": calls, "attempt shop.fetch": 2 * calls}
    assert len({span.span_id for span in ours}) == len(ours)
    assert {"retold.calls", "retold.call.duration"} <= sink.metric_names()


@pytest.mark.parametrize(
    ("program", "exchanged"), [("gunicorn --bind", "127.0.0.1:8000"), ("uvicorn", "8000")], ids=["gunicorn", "uvicorn"]
)
def test_a_server_s_workers_tell_of_all_calls(
    folder: Path, otlp_sink: OtlpSink, address: str, program: str, exchanged: str
) -> None:
    port = free_port()
    arguments = command(program, **{exchanged: exchanged.replace("8000", str(port))})

    with Running(arguments, folder, address, otlp_sink) as running:
        until_up(running, f"http://127.0.0.1:{port}/")
        calls = 1 + ask_until_two_have_served(f"http://127.0.0.1:{port}/")
        running.end()

        assert_told(otlp_sink, calls)
        assert "Traceback" not in running.said()


def test_one_endpoint_has_the_numbers_of_all_workers_also_of_one_that_was_killed(folder: Path, address: str) -> None:
    port = free_port()
    arguments = command("gunicorn --config", **{"127.0.0.1:8000": f"127.0.0.1:{port}"})
    metrics = folder / "metrics"
    metrics.mkdir()
    url = f"http://127.0.0.1:{port}"

    with Running(arguments, folder, address, PROMETHEUS_MULTIPROC_DIR=str(metrics)) as running:
        until_up(running, url)
        calls = 1 + ask_until_two_have_served(url)
        _, process = get(url)
        os.kill(int(process), signal.SIGKILL)
        while (metrics / f"gauge_livesum_{process}.db").exists():
            assert running.is_running(), running.said()
            time.sleep(0.05)
        calls += 1 + ask_until_two_have_served(url)
        told = get(f"{url}/metrics")[0].decode()
        [finding] = endpoint.probe(f"{url}/metrics", 10)
        running.end()

    assert value_of(told, 'retold_calls_total{retold_operation="shop.fetch",retold_outcome="success",') == calls
    assert value_of(told, "retold_call_duration_seconds_count{") == calls
    assert value_of(told, 'retold_attempts_total{retold_attempt_outcome="error"') == calls
    assert value_of(told, "retold_call_active{") == 0
    assert (finding.status, finding.message) == ("ok", f"serves 1 operations, of which {calls} calls have ended")


def value_of(told: str, beginning: str) -> float:
    """The sum of all samples that begin with this."""
    samples = [line for line in told.splitlines() if line.startswith(beginning)]
    assert samples, told
    return sum(float(line.rpartition(" ")[2]) for line in samples)


CELERY = """
broker_url = "filesystem://"
broker_transport_options = {{"data_folder_in": {queue!r}, "data_folder_out": {queue!r}, "control_folder": {queue!r}}}
broker_connection_retry_on_startup = True
"""


def test_celery_s_processes_tell_of_all_calls(folder: Path, otlp_sink: OtlpSink, address: str) -> None:
    queue = folder / "queue"
    queue.mkdir()
    (folder / "celeryconfig.py").write_text(CELERY.format(queue=str(queue)))
    # Else one process could have the turns of another, and a call be refused each time.
    send = f"import tasks\nfor number in range({CALLS}): tasks.fetch.delay(f'{address}?page={{number}}')"

    with Running(command("celery"), folder, address, otlp_sink) as running:
        subprocess.run([sys.executable, "-c", send], cwd=folder, env=running.env, check=True, timeout=60)
        assert_told(otlp_sink, CALLS)
        running.end()

        assert "Traceback" not in running.said()


def test_a_pool_s_processes_tell_of_all_calls(folder: Path, otlp_sink: OtlpSink, address: str) -> None:
    arguments = [sys.executable, "pool.py", str(CALLS)]

    with Running(arguments, folder, address, otlp_sink) as running:
        while running.is_running():
            time.sleep(0.05)

        assert running.said().split() == [str(CALLS * len(PAGE))]
        assert_told(otlp_sink, CALLS)

"""Calls that are under way when somebody cancels them, kills their process or forks it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest
from opentelemetry.trace import StatusCode
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

import retold
from retold import Policy
from retold.exporters.prometheus import Prometheus
from retold.testing import MemoryExporter
from tests.exporters.sdk import Sdk, attributes
from tests.journal.test_fork import in_child
from tests.laws.equations import assert_in_joint, assert_laws
from tests.readings import Numbers, collected_by, scraped_from, sum_of

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
NAME = "shop.fetch"


class Told:
    """All paths at once."""

    def __init__(self) -> None:
        self.registry, self.sdk, self.memory = CollectorRegistry(), Sdk(), MemoryExporter()
        self.exporters = [Prometheus(self.registry), self.sdk.exporter(metrics=True), self.memory]

    def numbers(self) -> Numbers:
        """What both paths of metrics say, which is the same."""
        numbers = scraped_from(self.registry)
        assert collected_by(self.sdk.reader) == numbers
        return numbers

    def in_flight(self) -> tuple[float, float]:
        """How many calls are active, and how many of these wait."""
        numbers = self.numbers()
        assert_in_joint({}, numbers)
        return sum_of(numbers, "retold.call.active"), sum_of(numbers, "retold.call.waiting")


@pytest.fixture
def told() -> Iterator[Told]:
    made = Told()
    with retold.configure(exporters=made.exporters):
        yield made
    made.sdk.close()


async def ask(port: int, asked: Callable[[], object]) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"a page, please\n")
        asyncio.get_running_loop().call_soon(asked)
        return await reader.readline()
    finally:
        writer.close()


async def test_a_caller_s_timeout_around_a_dependency_that_hangs_cancels_the_call_and_its_attempt(told: Told) -> None:
    seen: list[tuple[float, float]] = []

    def asked() -> None:
        seen.append(told.in_flight())
        limit.reschedule(0)  # the caller's patience ends now

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(None) as limit:
                await Policy(on=OSError, operation=NAME).acall(ask, port, asked)

    numbers = told.numbers()
    assert seen == [(1, 0)]
    assert told.in_flight() == (0, 0)
    assert_laws(numbers)
    assert {key: value for key, value in numbers.items() if "duration sum" not in key[0]} == {
        ("retold.policy.max_attempts", NAME): 3,
        ("retold.calls", NAME, "cancelled", "false"): 1,
        ("retold.call.duration count", NAME, "cancelled"): 1,
        ("retold.call.attempts count", NAME, "cancelled"): 1,
        ("retold.call.attempts sum", NAME, "cancelled"): 1,
        ("retold.attempts", NAME, "cancelled"): 1,
        ("retold.attempt.duration count", NAME, "cancelled"): 1,
    }
    assert {(span.name, span.status.status_code) for span in told.sdk.spans} == {
        (NAME, StatusCode.UNSET),
        (f"attempt {NAME}", StatusCode.UNSET),
    }


async def test_a_caller_s_timeout_in_a_wait_cancels_the_call_and_no_attempt(told: Told) -> None:
    seen: list[tuple[float, float]] = []

    def fail() -> None:
        asyncio.get_running_loop().call_soon(look)
        raise OSError

    def look() -> None:
        seen.append(told.in_flight())
        limit.reschedule(0)

    async def fetch() -> None:
        fail()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(None) as limit:
            await Policy(on=OSError, backoff=60, operation=NAME).acall(fetch)

    numbers = told.numbers()
    [call] = told.memory.calls
    assert seen == [(1, 1)]
    assert told.in_flight() == (0, 0)
    assert_laws(numbers)
    assert numbers["retold.calls", NAME, "cancelled", "false"] == 1
    assert {key[2] for key in numbers if key[0] == "retold.attempts"} == {"error"}
    assert numbers["retold.retry.delay count", NAME] == 1
    assert numbers["retold.retry.delay sum", NAME] == call.delay_total < 60


WORKER = """
import os, sys, threading
import retold
from retold.exporters.prometheus import Prometheus

hang = threading.Event().wait
begun = threading.Barrier(5)

def patiently(failed):
    begun.wait()
    return 600

def page():
    return "page"

def hanging():
    begun.wait()
    hang()

def failing():
    raise OSError

retold.configure(exporters=[Prometheus()])
policy = retold.Policy(on=OSError, backoff=patiently, operation="shop.fetch")
for _ in range(10):
    policy.call(page)
for work in (hanging, hanging, failing, failing):
    threading.Thread(target=policy.call, args=(work,), daemon=True).start()
begun.wait()
print("begun", flush=True)
sys.stdin.read()
"""


def summed(folder: Path) -> Numbers:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    return scraped_from(registry)


def worker(folder: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder), "RETOLD_EXPORTERS": "none"}
    command = [sys.executable, "-c", dedent(WORKER)]
    return subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@needs_fork
def test_a_worker_that_is_killed_takes_along_what_was_in_flight_and_nothing_that_was_counted(tmp_path: Path) -> None:
    workers = [worker(tmp_path), worker(tmp_path)]
    try:
        for each in workers:
            assert each.stdout is not None
            assert each.stdout.readline() == "begun\n"
        while sum_of(alive := summed(tmp_path), "retold.call.waiting") < 4:
            assert all(each.poll() is None for each in workers)
        workers[0].send_signal(signal.SIGKILL)
        assert workers[0].wait() == -signal.SIGKILL
        killed = summed(tmp_path)
        mark_process_dead(workers[0].pid, path=str(tmp_path))  # type: ignore[no-untyped-call]
        marked = summed(tmp_path)
    finally:
        for each in workers:
            each.kill()
            each.communicate()

    for numbers in (alive, killed, marked):
        assert_in_joint(alive, numbers)
        assert sum_of(numbers, "retold.calls", "success") == sum_of(numbers, "retold.calls") == 20
        assert sum_of(numbers, "retold.call.attempts sum") == 20
        assert (sum_of(numbers, "retold.attempts"), sum_of(numbers, "retold.attempts", "error")) == (24, 4)
        assert sum_of(numbers, "retold.attempt.failures") == 4
    in_flight = [
        (sum_of(numbers, "retold.call.active"), sum_of(numbers, "retold.call.waiting"))
        for numbers in (alive, killed, marked)
    ]
    assert in_flight == [(8, 4), (8, 4), (4, 2)]


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_fork_leaves_the_calls_of_other_threads_to_the_parent(told: Told) -> None:
    begun, go_on = threading.Barrier(5), threading.Event()

    class Waiting:
        """A clock by which one waits until one may go on."""

        def now(self) -> float:
            return 0.0

        def sleep(self, seconds: float, /) -> None:
            begun.wait()
            go_on.wait()

        async def asleep(self, seconds: float, /) -> None:
            raise NotImplementedError

    def hang() -> str:
        begun.wait()
        go_on.wait()
        return "page"

    def fail_once() -> str:
        if not go_on.is_set():
            raise OSError
        return "page"

    policy = Policy(on=OSError, backoff=1, operation=NAME, clock=Waiting())

    def work() -> list[object]:
        at_birth = told.in_flight()
        policy.call(str)
        numbers = told.numbers()
        assert_laws(numbers)
        return [at_birth, sum_of(numbers, "retold.calls"), told.in_flight()]

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(policy.call, each) for each in (hang, hang, fail_once, fail_once)]
        begun.wait()
        before = told.in_flight()
        in_the_child = in_child(work)
        after = told.in_flight()
        go_on.set()
        pages = [each.result() for each in running]

    numbers = told.numbers()
    assert (before, after) == ((4, 2), (4, 2))
    assert in_the_child == [[0, 0], 1, [0, 0]]
    assert pages == ["page"] * 4
    assert told.in_flight() == (0, 0)
    assert_laws(numbers)
    assert sum_of(numbers, "retold.calls", "success") == sum_of(numbers, "retold.calls") == 4
    assert sum_of(numbers, "retold.attempts", "error") == 2
    assert len(told.sdk.sampler.started) == len(told.sdk.spans) == 4 + 6
    assert {attributes(span)["retold.outcome"] for span in told.sdk.calls()} == {"success"}

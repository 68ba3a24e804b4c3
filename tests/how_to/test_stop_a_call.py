"""The guide to limits, stops and hooks: its code does what it says."""

import asyncio
import os
import signal
from typing import Any

import pytest

import retold
from retold import AttemptTimeout, Outcome, Policy
from retold.testing import MemoryExporter
from tests.forms import Failing
from tests.test_docs import python_in

PARTS = python_in("docs/how-to/stop-a-call.md")


def run_part(number: int) -> dict[str, Any]:
    example: dict[str, Any] = {"__name__": "example"}
    exec(PARTS[number], example)
    return example


def test_a_signal_ends_a_wait(seen: MemoryExporter) -> None:
    example = run_part(0)
    policy: Policy[Any] = example["upload_policy"]
    before = signal.getsignal(signal.SIGTERM)
    example["install"]()

    def shut_down(event: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    try:
        with pytest.raises(OSError, match="run 1"):
            policy.replace(backoff=3600, on_retry=shut_down).call(Failing(OSError))
    finally:
        signal.signal(signal.SIGTERM, before)

    assert seen.last.outcome is Outcome.ABORTED


@pytest.mark.parametrize("form", ["decorator", "block"])
async def test_an_attempt_that_hangs_is_cut_short(form: str, seen: MemoryExporter) -> None:
    source = PARTS[1].replace("attempt_timeout=5", "attempt_timeout=0.05, backoff=0")
    example: dict[str, Any] = {"__name__": "example"}
    exec(source, example)
    asked: list[None] = []
    hanging = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(None)
        if len(asked) == 1:
            await hanging.wait()
        else:
            writer.write(b"page")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    page = await example["fetch" if form == "decorator" else "poll"]("127.0.0.1", port)
    hanging.set()
    server.close()
    await server.wait_closed()

    assert page == b"page"
    assert [attempt.error_type for attempt in seen.attempts] == ["retold.AttemptTimeout", None]
    assert issubclass(AttemptTimeout, TimeoutError)


def test_code_below_an_attempt_passes_on_what_it_knows() -> None:
    ask = run_part(2)["headers_and_timeout"]
    found: list[tuple[dict[str, str], float]] = []
    work = Failing(OSError, "value")

    def fetch() -> None:
        found.append(ask())
        work()

    Policy(on=OSError, timeout=3, backoff=0).call(fetch)

    assert [headers for headers, _ in found] == [{"x-resend-count": "0"}, {"x-resend-count": "1"}]
    assert all(0 < timeout <= 3 for _, timeout in found)
    assert ask() == ({}, 5.0)


def test_the_hooks_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    example = run_part(3)

    report = example["pay_policy"].run(Failing(OSError))

    assert report.outcome is retold.Outcome.ATTEMPTS_EXHAUSTED
    assert capsys.readouterr().out.splitlines() == [
        "attempt 1 of pay failed, the next follows in 0.0 s",
        "attempt 2 of pay failed, the next follows in 0.0 s",
    ]
    assert example["given_up"] == ["pay: attempts_exhausted after 3 attempts"]

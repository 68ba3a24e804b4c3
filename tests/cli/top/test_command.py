"""`retold top` where nobody looks: in scripts, in pipes, and asked wrongly."""

import re
import signal
import subprocess
import sys
from subprocess import PIPE

import pytest

import retold
from retold.cli import main
from tests.cli.top.runs import call
from tests.cli.top.served import Served
from tests.services.ports import free_port
from tests.subprocesses import run

COMMAND = [sys.executable, "-m", "retold", "top"]


def top(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)


def test_once_prints_one_sample_and_ends() -> None:
    with Served() as served:
        call(1)
        call(3, "shop.pay")
        done = top("--once", "--every=0.1", served.url.removesuffix("/metrics"))

    assert (done.returncode, done.stderr) == (0, "")
    everything, fetch, pay = (re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in done.stdout.splitlines())
    assert everything.startswith("all operations  0.0 calls/s, effective -, actual -, - attempts a call, 0 of 0 asleep")
    assert fetch.endswith("p95 -, waits -, gave up 0")
    assert pay.startswith("shop.pay        0.0 calls/s")
    assert pay.endswith("gave up 1 (1 attempts_exhausted)")


def test_once_says_what_is_left_in_budgets() -> None:
    with Served() as served:
        shop, bank = (retold.Budget(name, min_per_second=0, capacity=4) for name in ("shop", "bank"))
        call(3, budget=shop)
        call(0, budget=bank)
        done = top("--once", "--every=0.1", served.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"[\d:]{8}  budgets         shop 2 of 4 left, bank 4 of 4 left", done.stdout.splitlines()[-1])


def test_once_fails_where_nobody_answers() -> None:
    address = f"127.0.0.1:{free_port()}"

    done = top("--once", "--every=0.1", f"http://{address}/metrics")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"retold top: {address}: nobody listens there\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_a_pipe_there_are_lines_until_a_signal(number: signal.Signals) -> None:
    with Served() as served:
        call(0)
        process = subprocess.Popen([*COMMAND, "--every=0.1", served.url], stdout=PIPE, stderr=PIPE, text=True)
        with process:
            assert process.stdout
            assert process.stderr
            lines = [process.stdout.readline() for _ in range(4)]
            process.send_signal(number)
            rest, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, "")
    assert [line.split("  ")[1] for line in (*lines, *rest.splitlines())][:4] == ["all operations", "shop.fetch"] * 2


def test_a_signal_ends_a_single_sample_early() -> None:
    with Served() as served:
        call(0)
        process = subprocess.Popen([*COMMAND, "--once", "--every=60", served.url], stdout=PIPE, stderr=PIPE, text=True)
        with process:
            assert served.asked.wait(30)
            process.send_signal(signal.SIGTERM)
            out, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, "")
    assert "shop.fetch" in out


def test_a_reader_that_leaves_is_no_failure() -> None:
    with Served() as served:
        call(0)
        process = subprocess.Popen([*COMMAND, "--every=0.1", served.url], stdout=PIPE, stderr=PIPE, text=True)
        with process:
            assert process.stdout
            assert process.stderr
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == ""
            assert process.wait(timeout=30) == 0


def test_an_output_that_is_full_is_one_line_and_status_1() -> None:
    with Served() as served, open("/dev/full", "w") as full:
        call(0)
        done = subprocess.run(
            [*COMMAND, "--every=0.1", served.url], stdout=full, stderr=PIPE, text=True, timeout=60, check=False
        )

    assert (done.returncode, done.stderr) == (1, "retold top: [Errno 28] No space left on device\n")


def test_a_closed_output_is_no_failure() -> None:
    with Served() as served:
        call(0)
        # No --once: then nobody would ask whether it is a terminal.
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "--every=0.1", served.url], stderr=PIPE, text=True
        )
        with process:
            assert served.asked.wait(30)
            served.asked.clear()
            assert served.asked.wait(30)
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "the following arguments are required: URL"),
        (("nonsense",), "must be an address such as http://127.0.0.1:9464/metrics, not "),
        (("ftp://127.0.0.1/metrics",), "must be an address such as http://127.0.0.1:9464/metrics, not "),
        (("http://127.0.0.1:port/metrics",), "must be an address such as http://127.0.0.1:9464/metrics, not "),
        (("http://127.0.0.1", "--every=0"), "must be a number of seconds from 0.1 to 60, not 0"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["top", *arguments])

    errors = capsys.readouterr().err
    assert errors.startswith("retold top: ")
    assert said in errors
    assert errors.endswith("(see retold top --help)\n")
    assert errors.count("\n") == 1


def test_without_rich_lines_are_printed_all_the_same() -> None:
    with Served() as served:
        call(0)
        done = run(
            f"""
            from retold.cli import main
            assert main(["top", "--once", "--every=0.1", {served.url!r}]) == 0
            """,
            without=["rich"],
        )

    assert "shop.fetch" in done.out

"""The doctor's lines, its exit status, and wrong use."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from retold.cli import main
from retold.cli.doctor.options import add_arguments, parsed
from retold.cli.parser import Parser
from tests.services.ports import free_port

ADDRESS = "must be an address such as http://127.0.0.1"


def ask(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RETOLD_", "OTEL_"))}
    return subprocess.run(
        [sys.executable, "-m", "retold", "doctor", *arguments],
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_finding_is_a_line_and_the_last_is_the_verdict() -> None:
    done = ask()

    *lines, verdict = done.stdout.splitlines()
    assert done.returncode == 0
    assert [line.split(":")[0] for line in lines] == [
        "ok       versions",
        "ok       exporters",
        "note     opentelemetry",
    ]
    assert lines[-1].endswith("no application was looked at. Remedy: name yours with --import")
    assert verdict == "no problem found"


@pytest.mark.parametrize(("endpoints", "verdict"), [(1, "1 problem found"), (2, "2 problems found")])
def test_problems_are_counted_and_the_status_is_1(endpoints: int, verdict: str) -> None:
    urls = [f"http://127.0.0.1:{free_port()}/metrics" for _ in range(endpoints)]

    done = ask(f"--metrics={urls[0]}", *(f"--prometheus={url}" for url in urls[1:]))

    lines = done.stdout.splitlines()
    assert (done.returncode, lines[-1]) == (1, verdict)
    assert f"problem  metrics {urls[0]}: nobody listens there. Remedy: start a server there" in done.stdout
    assert done.stderr == ""


def test_messages_of_others_stay_on_their_line() -> None:
    done = ask("--import=nowhere", RETOLD_EXPORTERS="odd\nname")

    *lines, _ = done.stdout.splitlines()
    assert all(line.startswith(("ok ", "note ", "problem ")) for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--otlp=localhost:4317"],
            f"argument --otlp: {ADDRESS}:4318, not localhost:4317",
        ),
        (
            ["--metrics=http://h:port/"],
            f"argument --metrics: {ADDRESS}:9464/metrics, not http://h:port/",
        ),
        (
            ["--prometheus=http://"],
            f"argument --prometheus: {ADDRESS}:9090, not http://",
        ),
        (["--import="], "--import takes MODULE or MODULE:FUNCTION, not "),
        (["--import=./shop.py"], "--import takes MODULE or MODULE:FUNCTION, not ./shop.py"),
        (["--fork"], "--fork looks at an application: name it with --import"),
        (["--timeout=0"], "argument --timeout: must be a number of seconds above 0, not 0"),
        (["shop"], "unrecognized arguments: shop"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["doctor", *arguments])

    error = capsys.readouterr().err
    assert caught.value.code == 2
    assert error.startswith(("retold doctor: " + message, "retold: " + message))
    assert error.count("\n") == 1


def test_without_fork_there_is_no_looking_after_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "fork")

    with pytest.raises(SystemExit) as caught:
        main(["doctor", "--import=shop", "--fork"])

    assert caught.value.code == 2
    assert "--fork: this system has no fork" in capsys.readouterr().err


@pytest.mark.parametrize("document", ["why-nothing-shows.md", "processes.md"])
def test_what_the_documents_ask_can_be_asked(document: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "how-to" / document).read_text(encoding="utf-8")
    asked = re.findall(r"retold doctor( --[^`#\n]*)", text)
    parser = Parser()
    add_arguments(parser)

    options = [parsed(parser, parser.parse_args(arguments.split())) for arguments in asked]

    assert options

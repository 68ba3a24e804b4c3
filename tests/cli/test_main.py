"""The command `retold`: what it says about itself, and about its wrong use."""

import subprocess
import sys

import pytest

import retold
from retold.cli import main


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    return ended.value.code, out, err


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(["--version"], capsys) == (0, f"retold {retold.__version__}\n", "")


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(["--help"], capsys)

    assert (status, err) == (0, "")
    assert "demo" in out


def test_no_command_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    told = "retold: the following arguments are required: COMMAND (see retold --help)\n"
    assert said([], capsys) == (2, "", told)


def test_an_unknown_command_is_named_beside_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(["dmeo"], capsys)

    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "'dmeo'" in err
    assert "demo" in err.replace("dmeo", "")


def test_the_demos_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(["demo", "--help"], capsys)

    assert status == 0
    for option in (
        "duration",
        "rate",
        "failure-rate",
        "seed",
        "incident-at",
        "incident-for",
        "port",
        "linger",
        "host",
        "time-scale",
    ):
        assert f"--{option} " in out
    assert {"--output", "--exporters", "--plain", "--prometheus"} <= set(out.split())


def test_python_m_retold_is_the_command() -> None:
    command = [sys.executable, "-m", "retold", "--version"]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)

    assert ended.stdout == f"retold {retold.__version__}\n"

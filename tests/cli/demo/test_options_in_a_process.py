"""The demo's options in a process of its own, whose environment and libraries are not those of the tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.demo.running import Demo
from tests.subprocesses import run


def test_a_run_without_pseudo_terminals_says_so(tmp_path: Path) -> None:
    script = f"""
        from retold.cli import main
        main(["demo", "--duration=0.1", "--port=0", "--plain", "--output={tmp_path / "run"}"])
    """

    done = run(script, without=["termios"])

    assert "20 calls a second in the worlds http, llm, store" in done.lines
    assert "no printer: that world needs a pseudo-terminal, which this system does not have" in done.lines
    assert not (tmp_path / "run" / "printer.json").exists()


def test_an_unknown_exporter_of_the_environment_is_one_line_of_the_process(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "retold", "demo"],
        env=os.environ | {"RETOLD_EXPORTERS": "grafana"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert ended.stderr.startswith("retold demo: RETOLD_EXPORTERS=grafana: there is no exporter named 'grafana'")


@pytest.mark.parametrize("library", ["httpx", "rich", "prometheus_client", "opentelemetry.sdk"])
def test_a_missing_extra_is_named(library: str) -> None:
    script = """
        from retold.cli import main
        try:
            main(["demo"])
        except SystemExit as end:
            print(end.code)
    """

    done = run(script, without=[library])

    assert done.lines == ["2"]
    told = f"retold demo: {library} is not installed, which the demo needs: pip install 'retold[demo]' "
    assert done.err == f"{told}(see retold demo --help)\n"


def test_a_wrong_option_is_one_line_for_a_real_process_too(tmp_path: Path) -> None:
    with Demo(tmp_path / "new", "--exporters=nobody") as demo:
        assert demo.end() == 2
        assert demo.errors.count("\n") == 1
        assert demo.output == ""
    assert not (tmp_path / "new").exists()


def test_a_blank_variable_is_no_choice(tmp_path: Path) -> None:
    with Demo(tmp_path, "--duration=0.1", RETOLD_EXPORTERS=" ") as demo:
        assert demo.end() == 0

    assert "metrics: " in demo.output
    assert "traces: " in demo.output

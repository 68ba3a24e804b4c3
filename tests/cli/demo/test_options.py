"""The demo's options: each wrong one is one line with the value and the remedy, and status 2."""

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from retold.cli import main
from retold.cli.demo import options
from retold.cli.parser import Parser


@pytest.fixture(autouse=True)
def _own_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    # Not in the process of the tests, which Ctrl-C must still end.
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.delenv("RETOLD_EXPORTERS", raising=False)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["demo", *arguments])
    out, err = capsys.readouterr()
    assert (ended.value.code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("retold demo: ")
    assert err.endswith(" (see retold demo --help)\n")
    return err


@pytest.mark.parametrize(
    ("option", "value", "remedy"),
    [
        ("--rate", "-1", "must be above 0 and at most 500 calls a second"),
        ("--rate", "0", "must be above 0 and at most 500 calls a second"),
        ("--rate", "nan", "must be above 0 and at most 500 calls a second"),
        ("--rate", "501", "must be above 0 and at most 500 calls a second"),
        ("--failure-rate", "1.5", "must be a share from 0 to 1"),
        ("--failure-rate", "-0.1", "must be a share from 0 to 1"),
        ("--duration", "0", "must be a number of seconds above 0"),
        ("--duration", "soon", "must be a number of seconds above 0"),
        ("--linger", "-1", "must be a number of seconds, 0 or more"),
        ("--seed", "1.5", "must be a whole number from 0 to 9223372036854775807"),
        ("--seed", "9223372036854775808", "must be a whole number from 0 to 9223372036854775807"),
        ("--port", "70000", "must be a port from 0 (any free one) to 65535"),
        ("--port", "http", "must be a port from 0 (any free one) to 65535"),
        ("--time-scale", "0.5", "must be a number from 1 to 120"),
        ("--time-scale", "121", "must be a number from 1 to 120"),
        ("--incident-at", "-1", "must be a number of seconds, 0 or more"),
        ("--incident-for", "0", "must be a number of seconds above 0"),
    ],
)
def test_a_value_out_of_bounds(capsys: pytest.CaptureFixture[str], option: str, value: str, remedy: str) -> None:
    assert f"{option}: {remedy}, not {value}" in complaint(capsys, f"{option}={value}")


@pytest.mark.parametrize("named", ["", ",", "ftp", "http,ftp"])
def test_an_unknown_world(capsys: pytest.CaptureFixture[str], named: str) -> None:
    assert f"--worlds: must be some of http, llm, store, printer, not {named}" in complaint(capsys, f"--worlds={named}")


def chosen_worlds(*arguments: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    parser = Parser(prog="retold demo")
    options.add_arguments(parser)
    chosen = options.parsed(parser, parser.parse_args(arguments))
    return chosen.worlds, chosen.worlds_left_out


def test_worlds_are_in_the_order_of_their_stages_and_all_of_them_unless_some_are_named() -> None:
    assert chosen_worlds("--worlds= printer ,http,http") == (("http", "printer"), ())
    assert chosen_worlds() == (("http", "llm", "store", "printer"), ())


def test_a_system_without_pseudo_terminals_has_all_worlds_but_the_printer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "termios", None)

    assert chosen_worlds() == (("http", "llm", "store"), ("printer",))
    assert chosen_worlds("--worlds=http") == (("http",), ())
    told = complaint(capsys, "--worlds=http,printer")
    assert "--worlds http,printer: the printer needs a pseudo-terminal, which this system does not have" in told


def test_half_an_incident(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--incident-at 2 needs --incident-for too" in complaint(capsys, "--incident-at=2")
    assert "--incident-for 3 needs --incident-at too" in complaint(capsys, "--incident-for=3")


def test_an_incident_that_would_never_begin(capsys: pytest.CaptureFixture[str]) -> None:
    told = complaint(capsys, "--incident-at=30", "--incident-for=3", "--duration=30")

    assert "--incident-at 30 must be before the end, which --duration 30 sets" in told


def test_an_option_of_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--time-scale 10 needs --prometheus, whose rules it is about" in complaint(capsys, "--time-scale=10")
    told = complaint(capsys, "--requests", "--worlds=llm,store")
    assert "--requests needs the world http, which --worlds llm,store leaves out" in told


def test_an_argument_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    assert "unrecognized arguments: now --fast" in complaint(capsys, "--plain", "now", "--fast")


def test_a_prometheus_that_would_have_nothing_to_scrape(capsys: pytest.CaptureFixture[str]) -> None:
    told = complaint(capsys, "--prometheus", "--exporters=opentelemetry")

    assert "--prometheus needs the exporter prometheus, which --exporters=opentelemetry leaves out" in told


@pytest.mark.parametrize(
    ("there", "missing", "package"),
    [((), "prometheus", "prometheus"), (("prometheus",), "alertmanager", "prometheus-alertmanager")],
)
def test_a_program_that_is_not_on_path(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    there: tuple[str, ...],
    missing: str,
    package: str,
) -> None:
    for name in there:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    told = complaint(capsys, "--prometheus", f"--output={tmp_path / 'new'}")

    assert f"--prometheus: {missing} is not on PATH: sudo apt-get install {package}, or see https://" in told
    assert not (tmp_path / "new").exists()


def test_an_address_of_another_machine(capsys: pytest.CaptureFixture[str]) -> None:
    told = complaint(capsys, "--host=192.0.2.1", "--port=0")

    assert "--host 192.0.2.1 cannot be used (Cannot assign requested address): name an address of this machine" in told


def test_an_unknown_exporter(capsys: pytest.CaptureFixture[str]) -> None:
    told = complaint(capsys, "--exporters=prometheus,grafana")

    assert "--exporters=prometheus,grafana: there is no exporter named 'grafana'; there are: console, " in told


def test_an_unknown_exporter_of_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETOLD_EXPORTERS", "grafana")

    assert "RETOLD_EXPORTERS=grafana: there is no exporter named 'grafana'" in complaint(capsys)


def test_a_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert f"--port {port} is in use: name another, or leave it out" in complaint(capsys, f"--port={port}")


def test_a_folder_that_is_not_empty(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "spans.jsonl").touch()

    told = complaint(capsys, f"--output={tmp_path}", "--port=0")

    assert f"--output {tmp_path} is not empty: name a new folder" in told


@pytest.mark.parametrize(("name", "reason"), [("file", "File exists"), ("file/folder", "Not a directory")])
def test_an_output_that_is_no_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "file").touch()

    told = complaint(capsys, f"--output={tmp_path / name}", "--port=0")

    assert f"--output {tmp_path / name} cannot be used ({reason}): name another folder" in told


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that this process may not write to."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        os.seteuid(user or 65534)
        yield Path(folder)
        os.seteuid(user)


@pytest.mark.parametrize("workers", [[], ["--workers=1"]], ids=["alone", "workers"])
def test_a_folder_that_cannot_be_written_to(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, read_only: Path, workers: list[str]
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")  # restored afterwards: the demo names its own

    told = complaint(capsys, f"--output={read_only}", "--port=0", *workers)

    assert f"--output {read_only} cannot be used (Permission denied): name another folder" in told


def test_an_unknown_otlp_protocol(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")

    told = complaint(capsys, f"--output={tmp_path / 'new'}", "--port=0")

    assert "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or grpc, not http/json" in told
    assert not (tmp_path / "new").exists()

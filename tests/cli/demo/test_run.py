"""How a run ends that could not go on: with one line and no traceback."""

from pathlib import Path

import pytest

from retold.cli.demo import run as module
from retold.cli.demo.options import Options
from retold.cli.demo.worlds.held import WorldError
from retold.cli.parser import Parser
from tests.cli.demo.running import Demo

OPTIONS = Options(
    duration=1.0,
    rate=1.0,
    failure_rate=0.0,
    seed=7,
    host="127.0.0.1",
    port=0,
    plain=True,
    requests=False,
    incident=None,
    worlds=("http",),
    worlds_left_out=(),
    linger=0.0,
    output=Path("nowhere"),
    workers=0,
    exporters=(),
    exporters_source="",
    prometheus=False,
    time_scale=1.0,
)


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (WorldError("the upstream is gone"), 1, "retold demo: the upstream is gone\n"),
        (OSError(28, "No space left on device"), 1, "retold demo: [Errno 28] No space left on device\n"),
        (BrokenPipeError(), 0, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_ends_with_one_line_or_none(
    error: Exception, status: int, told: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def fail(_: object) -> int:
        raise error

    monkeypatch.setattr(module._Run, "main", fail)

    assert module.run(Parser(prog="retold demo"), OPTIONS) == status
    assert capfd.readouterr() == ("", told)


def test_an_output_that_takes_nothing_ends_it(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full, Demo(tmp_path, stdout=full.fileno()) as demo:
        assert demo.process.wait(timeout=10) == 1

        assert demo.errors == "retold demo: [Errno 28] No space left on device\n"
        assert demo.worlds == []

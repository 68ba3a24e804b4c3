"""The picture of a trace: a well-formed SVG of a real run's file, or one line about what is wrong with it."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.demo.running import Demo, Files

SCRIPT = Path(__file__).parents[3] / "scripts" / "draw_trace.py"
SVG = "{http://www.w3.org/2000/svg}"


def draw(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    with Demo(folder, "--worlds=http", "--duration=1", "--rate=80", "--failure-rate=0.5", "--seed=7") as demo:
        assert demo.end() == 0
    return folder


def texts(picture: Path) -> list[str]:
    root = ElementTree.parse(picture).getroot()
    assert root.tag == f"{SVG}svg"
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_draws_the_recovered_call_with_the_most_attempts(folder: Path, tmp_path: Path) -> None:
    picture = tmp_path / "trace.svg"

    done = draw(folder / "spans.jsonl", picture)

    assert (done.returncode, done.stderr) == (0, "")
    recovered = [
        span["attributes"]["retold.attempt.count"]
        for span in Files(folder).calls
        if span["attributes"]["retold.outcome"] == "success"
    ]
    assert f"success after {max(recovered)} attempts" in texts(picture)
    assert texts(picture).count("GET") == max(recovered)


def test_draws_the_trace_that_is_asked_for(folder: Path, tmp_path: Path) -> None:
    call = next(span for span in Files(folder).calls if span["attributes"]["retold.outcome"] != "success")
    picture = tmp_path / "trace.svg"

    done = draw(folder / "spans.jsonl", picture, "--trace", call["context"]["trace_id"])

    assert done.returncode == 0
    assert any(text.startswith(call["attributes"]["retold.outcome"]) for text in texts(picture))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "holds no span"),
        ("{", "line 1 is no span"),
        ("[]\n", "line 1 is no span"),
        ('{"name": "papers"}\n', "line 1 is no span"),
        (None, "No such file or directory"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path: Path, content: str | None, reason: str) -> None:
    path = tmp_path / "spans.jsonl"
    if content is not None:
        path.write_text(content)

    done = draw(path, tmp_path / "trace.svg")

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert reason in done.stderr
    assert str(path) in done.stderr
    assert not (tmp_path / "trace.svg").exists()


def test_an_unknown_trace_and_a_missing_folder_are_named(folder: Path, tmp_path: Path) -> None:
    unknown = draw(folder / "spans.jsonl", tmp_path / "trace.svg", "--trace=0x1")
    homeless = draw(folder / "spans.jsonl", tmp_path / "missing" / "trace.svg")

    assert (unknown.returncode, homeless.returncode) == (2, 2)
    assert "holds no trace 0x1" in unknown.stderr
    assert "No such file or directory" in homeless.stderr
    assert "Traceback" not in unknown.stderr + homeless.stderr


def test_a_call_whose_children_outlive_it_and_whose_root_is_missing_is_drawn(tmp_path: Path) -> None:
    """A file that a killed run left may lack the call, which is written last."""
    path, picture = tmp_path / "spans.jsonl", tmp_path / "trace.svg"
    path.write_text(
        '{"name": "attempt <papers>", "context": {"trace_id": "0x1", "span_id": "0x2"}, "parent_id": "0x3",'
        ' "start_time": "2030-01-01T00:00:00.000000Z", "end_time": "2030-01-01T00:02:30.000000Z",'
        ' "status": {"status_code": "ERROR"}, "attributes": {"retold.attempt.number": 1, "error.type": "OSError"}}\n'
    )

    done = draw(path, picture)

    assert (done.returncode, done.stderr) == (0, "")
    assert "attempt <papers>" in texts(picture)

"""`retold dashboards write`: which files there are, and what is said of them."""

import json
from pathlib import Path

import pytest

from retold.cli import main
from retold.cli.dashboards.folder import Folder
from retold.dashboards import Options, files

WRITTEN = files()


def write(*arguments: str | Path) -> int:
    return main(["dashboards", "write", *map(str, arguments)])


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_bytes().decode() for path in folder.rglob("*") if not path.is_dir()
    }


def test_all_files_are_written_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "dashboards"

    assert write(folder) == 0

    *lines, summary = capsys.readouterr().out.splitlines()
    assert contents(folder) == WRITTEN
    assert lines == [f"wrote {folder / path}" for path in WRITTEN]
    assert summary == f"{len(WRITTEN)} written, 0 were as they should be"


def test_only_what_differs_is_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    changed, kept = tmp_path / "grafana" / "overview.json", tmp_path / "grafana" / "operation.json"
    changed.write_text("{}")
    before = kept.stat().st_mtime_ns
    capsys.readouterr()

    assert write(tmp_path) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("wrote")] == [f"wrote {changed}"]
    assert f"kept  {kept}" in lines
    assert lines[-1] == f"1 written, {len(WRITTEN) - 1} were as they should be"
    assert kept.stat().st_mtime_ns == before
    assert contents(tmp_path) == WRITTEN


def test_a_check_writes_nothing_and_fails_if_something_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path)
    assert write(tmp_path, "--check") == 0
    assert capsys.readouterr().out.endswith(f"all {len(WRITTEN)} files are as they should be\n")
    (tmp_path / "grafana" / "overview.json").write_text("{}")
    (tmp_path / "grafana" / "operation.json").unlink()

    assert write(tmp_path, "--check") == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"{tmp_path / 'grafana' / 'overview.json'} differs",
        f"{tmp_path / 'grafana' / 'operation.json'} is missing",
        f"retold dashboards write: 2 of {len(WRITTEN)} files are not as they would be: leave out --check",
    ]
    assert not (tmp_path / "grafana" / "operation.json").exists()


def test_a_part_can_be_written_alone(tmp_path: Path) -> None:
    assert write(tmp_path, "--only", "grafana") == 0

    assert contents(tmp_path).keys() == {"grafana/overview.json", "grafana/operation.json"}


def test_options_are_those_of_the_library(tmp_path: Path) -> None:
    options = Options(
        datasource="Mimir",
        matchers=('cluster="eu"', 'env=~"prod|beta"'),
        objective=0.99,
        fallbacks_are_served=True,
        labels=("cluster", "job"),
        uid_prefix="eu",
        runbooks="https://wiki.example/retold",
        grafana="https://grafana.example",
        time_scale=60,
    )

    status = write(
        tmp_path,
        *("--datasource", "Mimir", "--matcher", 'cluster="eu"', "--matcher", 'env=~"prod|beta"'),
        *(
            "--fallbacks-are-served",
            "--objective",
            "0.99",
            "--labels",
            "cluster,job",
            "--uid-prefix",
            "eu",
            "--time-scale",
            "60",
        ),
        *("--runbooks", "https://wiki.example/retold/", "--grafana", "https://grafana.example/"),
    )

    assert status == 0
    assert contents(tmp_path) == files(options)
    assert json.loads((tmp_path / "grafana" / "overview.json").read_text())["uid"] == "eu-overview"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--matcher", "cluster=eu"], 'matchers must be such as cluster="eu", with quotation marks, not cluster=eu'),
        (["--uid-prefix", "a b"], "uid_prefix must be 1 to 20 of A-Z a-z 0-9 _ -, not 'a b'"),
        (["--labels", "cluster,a b"], "labels must be names of labels, not 'a b'"),
        (["--objective", "1"], "objective must be a share between 0 and 1, such as 0.999, not 1.0"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write(tmp_path, *arguments) == 2

    assert capsys.readouterr() == ("", f"retold dashboards write: {reason}\n")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--objective", "99.9"], "argument --objective: must be a share between 0 and 1, not 99.9"),
        (["--time-scale", "0.5"], "argument --time-scale: must be a number of at least 1, not 0.5"),
        (["--only", "loki"], "argument --only: invalid choice: 'loki'"),
    ],
)
def test_an_argument_that_makes_no_sense_is_wrong_use(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        write(tmp_path, *arguments)

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"retold dashboards write: {reason}")


def test_a_folder_that_cannot_be_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")

    assert write(tmp_path / "file") == 1

    assert capsys.readouterr().err.startswith(f"retold dashboards write: {tmp_path / 'file'}/")


def test_a_file_that_cannot_be_replaced_is_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()

    with pytest.raises(OSError, match=r"a\.json"):
        Folder(tmp_path).write("a.json", "new")

    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]

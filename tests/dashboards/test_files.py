"""The files that are in the repository are those that are written."""

from pathlib import Path

from retold.dashboards import files

ROOT = Path(__file__).parents[2] / "dashboards"


def test_the_boards_in_the_repository_are_what_is_written() -> None:
    committed = {f"grafana/{path.name}": path.read_text(encoding="utf-8") for path in (ROOT / "grafana").iterdir()}

    written = {path: text for path, text in files().items() if path.startswith("grafana/")}

    assert committed == written, "run `retold dashboards write dashboards`"

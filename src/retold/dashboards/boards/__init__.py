"""The dashboards for Grafana."""

from __future__ import annotations

from retold.dashboards.boards.grafana import written
from retold.dashboards.boards.model import Board
from retold.dashboards.boards.operation import operation
from retold.dashboards.boards.overview import overview
from retold.dashboards.options import Options

__all__ = ["all_boards", "boards"]


def all_boards(options: Options) -> dict[str, Board]:
    """The boards by the name of their file."""
    return {"overview": overview(options), "operation": operation(options)}


def boards(options: Options) -> dict[str, str]:
    """The boards' files by path, as JSON that Grafana loads."""
    return {f"grafana/{name}.json": written(board) for name, board in all_boards(options).items()}

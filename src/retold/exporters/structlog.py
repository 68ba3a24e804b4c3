"""Log lines by structlog, as the application configured it."""

from __future__ import annotations

from typing import Any

from retold.exporters._lines import Fields, Lines

try:
    import structlog
except ImportError as error:
    raise ImportError("the structlog exporter needs the extra: pip install 'retold[structlog]'") from error

LOGGER = "retold"


class Structlog(Lines):
    """Constant event names, and the facts as key-value pairs.

    Silent until the application configures structlog, whose own default would print to standard output.
    """

    name = "structlog"

    def __init__(self) -> None:
        super().__init__()
        self._logger: Any = structlog.get_logger(LOGGER)

    def is_awake(self) -> bool:
        return structlog.is_configured()

    def write(self, level: str, event: str, fields: Fields) -> None:
        getattr(self._logger, level)(event, **fields)

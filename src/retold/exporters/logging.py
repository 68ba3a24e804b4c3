"""Log lines by the standard library, on the logger `retold`."""

from __future__ import annotations

import logging

from retold.exporters._lines import Fields, Lines

LOGGER = "retold"


class Logging(Lines):
    """Constant event names as messages, and the facts as `extra` fields of the record.

    Silent until the application adds a handler: the logger `retold` has a `NullHandler`.
    """

    name = "logging"

    def __init__(self) -> None:
        super().__init__()
        self._logger = logging.getLogger(LOGGER)
        self._levels = logging.getLevelNamesMapping()

    def write(self, level: str, event: str, fields: Fields) -> None:
        self._logger.log(self._levels[level.upper()], event, extra=fields)

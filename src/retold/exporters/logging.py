"""Log lines by the standard library, on the logger `retold`."""

from __future__ import annotations

import logging

from retold.exporters._levels import Levels
from retold.exporters._lines import Fields, Lines
from retold.logger import LOGGER


class Logging(Lines):
    """Constant event names as messages, and the facts as `extra` fields of the record.

    Silent until the application adds a handler: the logger `retold` has a `NullHandler`.

    Args:
        levels: Levels of events, where they are not to have those of the contract: a name, also one that the
            application has added, a number, or None to write nothing. `{"retold.call.gave_up": "error"}`.

    Raises:
        SettingsError: There is no such event or level.
    """

    name = "logging"

    def __init__(self, levels: Levels | None = None) -> None:
        known = {name: number for name, number in logging.getLevelNamesMapping().items() if number > logging.NOTSET}
        super().__init__(levels, known=known)

    def wants(self, level: int) -> bool:
        return LOGGER.isEnabledFor(level)

    def write(self, level: int, event: str, fields: Fields) -> None:
        LOGGER.log(level, event, extra=fields)

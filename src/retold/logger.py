"""The logger `retold` of the standard library. A module of its own, since `logging` takes long to import."""

from __future__ import annotations

import logging

LOGGER = logging.getLogger("retold")
# Without it the standard library prints warnings to standard error when the application has no handler.
LOGGER.addHandler(logging.NullHandler())

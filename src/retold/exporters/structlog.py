"""Log lines by structlog, as the application configured it, and trace ids for the application's own lines."""

from __future__ import annotations

from typing import Any

from opentelemetry import trace

from retold import telemetry
from retold.exporters._levels import STANDARD, Levels
from retold.exporters._lines import Fields, Lines
from retold.logger import LOGGER

try:
    import structlog
    from structlog.typing import EventDict
except ImportError as error:
    raise ImportError("the structlog exporter needs the extra: pip install 'retold[structlog]'") from error

_METHODS = {number: name.lower() for name, number in STANDARD.items()}


class Structlog(Lines):
    """Constant event names, and the facts as key-value pairs.

    Until the application configures structlog, whose own default would print to standard output, the lines go to
    the standard library's logger `retold`, as the exporter `logging` writes them.

    Args:
        levels: Levels of events, where they are not to have those of the contract: one of structlog's names, its
            number, or None to write nothing. `{"retold.call.gave_up": "error"}`.

    Raises:
        SettingsError: There is no such event or level.
    """

    name = "structlog"

    def __init__(self, levels: Levels | None = None) -> None:
        super().__init__(levels, only=True)
        self._logger: Any = structlog.get_logger(LOGGER.name)

    def write(self, level: int, event: str, fields: Fields) -> None:
        if structlog.is_configured():
            getattr(self._logger, _METHODS[level])(event, **fields)
        else:
            LOGGER.log(level, event, extra=fields)


def add_trace_context(logger: Any, method_name: str, event_dict: EventDict) -> EventDict:
    """A processor for the application's own lines: the ids of the span that is current, unless the line has some.

    Inside of an attempt that is the attempt's span. `structlog.configure(processors=[..., add_trace_context, ...])`,
    before the renderer.
    """
    span = trace.get_current_span().get_span_context()
    if span.is_valid and telemetry.TRACE_ID not in event_dict:
        event_dict[telemetry.TRACE_ID] = trace.format_trace_id(span.trace_id)
        event_dict[telemetry.SPAN_ID] = trace.format_span_id(span.span_id)
    return event_dict

"""How the spans of an exporter are made: by which tracer, and how many."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opentelemetry.trace import NoOpTracer, StatusCode, Tracer

from retold.exporters._details import Show


@dataclass(frozen=True, slots=True)
class Style:
    """What the user chose.

    Attributes:
        attempts: Whether attempts have spans of their own.
        failed: The status of an attempt that failed.
        show: What is told of its exception beside the type, if anything.
    """

    attempts: bool = True
    failed: StatusCode = StatusCode.ERROR
    show: Show | None = None


class Tracing:
    """A tracer, and what can be known beforehand about its decisions.

    Attributes:
        tracer: Starts the spans.
        style: What is on them.
        follows_parent: Whether nothing below a parent that is not sampled would be recorded. Where it is not, leaving
            spans out changes nothing for what runs below.
        idle: Whether nothing is ever recorded.
    """

    __slots__ = ("follows_parent", "idle", "style", "tracer")

    def __init__(self, tracer: Tracer, style: Style) -> None:
        self.tracer = tracer
        self.style = style
        self.follows_parent = _follows_parent(tracer)
        self.idle = isinstance(tracer, NoOpTracer)


# A sampler describes itself as the specification says. Where it is written in another way, `start_span` is asked.
_DROPS_BELOW_UNSAMPLED = re.compile(
    r"ParentBased\{root:.*,remoteParentNotSampled:AlwaysOffSampler,"
    r"localParentSampled:[^,{}]+,localParentNotSampled:AlwaysOffSampler\}"
)


def _follows_parent(tracer: Tracer) -> bool:
    sampler = getattr(tracer, "sampler", None)
    try:
        return sampler is not None and _DROPS_BELOW_UNSAMPLED.fullmatch(sampler.get_description()) is not None
    except Exception:  # noqa: BLE001 - a sampler of the application's that cannot say what it is
        return False

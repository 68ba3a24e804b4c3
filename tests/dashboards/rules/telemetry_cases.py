"""Cases of the alerts on telemetry that fails."""

from tests.dashboards.rules.cases import Case, Firing
from tests.dashboards.rules.traffic import Phase, Traffic

HEALTHY = Traffic(at_once=60)
RAISES = Traffic(at_once=60, raised=1)
OVERFLOWS = Traffic(at_once=60, overflows=3)

CASES = [
    Case(
        "RetoldTelemetryMissing",
        "gone, and the process is up",
        (Phase(90, HEALTHY), Phase(80, None)),
        (Firing(111, 156),),
    ),
    Case("RetoldTelemetryMissing", "gone with the process", (Phase(90, HEALTHY), Phase(80, None, up=False))),
    Case("RetoldTelemetryMissing", "a fresh system that never had any", (Phase(120, None),)),
    Case("RetoldTelemetryMissing", "gone for a while", (Phase(90, HEALTHY), Phase(15, None), Phase(80, HEALTHY))),
    Case(
        "RetoldExporterFailing",
        "again and again",
        (Phase(20, HEALTHY), Phase(20, RAISES), Phase(20, HEALTHY)),
        (Firing(31, 45, "10"),),
    ),
    Case("RetoldExporterFailing", "from the start", (Phase(20, RAISES), Phase(20, HEALTHY)), (Firing(11, 25, "10"),)),
    Case("RetoldExporterFailing", "for a minute", (Phase(20, HEALTHY), Phase(1, RAISES), Phase(20, HEALTHY))),
    Case(
        "RetoldLabelOverflow",
        "for a minute",
        (Phase(20, HEALTHY), Phase(1, OVERFLOWS), Phase(30, HEALTHY)),
        (Firing(21, 36, "6"),),
    ),
    Case(
        "RetoldLabelOverflow",
        "at the start",
        (Phase(1, OVERFLOWS), Phase(30, HEALTHY)),
        (Firing(1, 16, "6"),),
        restart=25,
    ),
    Case("RetoldLabelOverflow", "never", (Phase(30, HEALTHY),)),
]

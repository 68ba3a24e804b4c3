"""All rows, in the order of the report."""

from __future__ import annotations

from benchmarks.rows import block, failure, metrics, resources, spans, success, threads, whole

ROWS = (
    *success.ROWS,
    *failure.ROWS,
    *block.ROWS,
    *metrics.ROWS,
    *spans.ROWS,
    *whole.ROWS,
    *resources.ROWS,
    *threads.ROWS,
)
BY_NAME = {row.name: row for row in ROWS}

"""Reads a `/metrics` endpoint as Prometheus would, and looks for our series in it."""

from __future__ import annotations

from collections.abc import Iterator

from retold import telemetry
from retold.cli.doctor.findings import Finding, note, ok, problem
from retold.cli.doctor.options import shown
from retold.cli.doctor.reach import Unreachable, ask
from retold.cli.exposition import Sample, samples
from retold.telemetry import label_name


def probe(url: str, timeout: float) -> Iterator[Finding]:
    """What a scrape of this address gives."""
    subject = f"metrics {shown(url)}"
    try:
        answer = ask(url, timeout)
    except Unreachable as reason:
        remedy = "start a server there, such as prometheus_client.start_http_server, or correct the address"
        yield problem(subject, str(reason), remedy)
        return
    if answer.status != 200:
        yield problem(subject, f"answered {answer.status}", "correct the path; it is usually /metrics")
        return
    found = list(samples(answer.body.decode(errors="replace")))
    if not found:
        yield problem(
            subject, f"answers with {answer.kind}, which is not Prometheus's format", "correct the address or path"
        )
        return
    yield from _in(found, subject)


def _in(found: list[Sample], subject: str) -> Iterator[Finding]:
    calls = [sample for sample in found if sample.name == f"{telemetry.CALLS.prometheus_name}_total"]
    if not any(sample.name.startswith("retold_") for sample in found):
        yield problem(
            subject,
            "serves metrics, but none of Retold's",
            'write retold.configure(exporters=["prometheus"]) in the process that serves, with'
            " Prometheus(registry=...) if it serves a registry of its own",
        )
        return
    operations = {sample.labels.get(label_name(telemetry.OPERATION), "") for sample in calls}
    ended = sum(sample.value for sample in calls)
    yield ok(subject, f"serves {len(operations)} operations, of which {ended:g} calls have ended")
    if ended == 0:
        yield note(subject, "no call has ended in the processes behind it", "make a call, and look again")
    if len({"otel_scope_name" in sample.labels for sample in calls}) == 2:
        yield problem(
            subject,
            "every number is there twice: by the exporter prometheus, and by OpenTelemetry's Prometheus reader",
            "leave out that exporter, or OpenTelemetry(metrics=True)",
        )
    yield from _troubles(found, subject)


def _troubles(found: list[Sample], subject: str) -> Iterator[Finding]:
    """What our own counters of trouble say."""
    overflows = _by_label(found, telemetry.LABEL_OVERFLOWS)
    if overflows.get(telemetry.OPERATION):
        yield problem(
            subject,
            f"{overflows[telemetry.OPERATION]:g} calls are of operations over the limit, counted as {telemetry.OTHER}",
            "raise retold.configure(max_operations=...), or give policies an operation= that few share",
        )
    if overflows.get(telemetry.ERROR_TYPE):
        yield problem(
            subject,
            f"{overflows[telemetry.ERROR_TYPE]:g} failures are of error types over the limit of"
            f" {telemetry.MAX_ERROR_TYPES} for each operation, counted as {telemetry.OTHER}",
            "have retold.configure(error_type=...) give them fewer names",
        )
    for exporter, count in _by_label(found, telemetry.EXPORTER_FAILURES).items():
        if count:
            yield problem(
                subject,
                f"the code of the exporter {exporter} raised {count:g} times",
                f"look for {telemetry.EVENT_EXPORTER_FAILED} in the log: its error.type says what",
            )


def _by_label(found: list[Sample], metric: telemetry.Metric) -> dict[str, float]:
    """The values of a counter with one label, summed over everything else."""
    totals: dict[str, float] = {}
    for sample in found:
        if sample.name == f"{metric.prometheus_name}_total":
            value = sample.labels.get(label_name(metric.keys[0]), "")
            totals[value] = totals.get(value, 0) + sample.value
    return totals

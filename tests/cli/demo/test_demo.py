"""The demo's main promise: its table, its metrics, its spans and its upstream's file tell the same story."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from retold.cli.demo.options import WORLDS
from retold.cli.demo.pipeline import STAGES
from retold.cli.demo.worlds.by_name import chosen
from retold.cli.demo.worlds.http.crawler import ROUTES
from retold.cli.demo.worlds.printer.answers import PRINTING
from tests.cli.demo.running import Demo, Files

SECONDS, RATE, SEED = 3, 105, 7
OPERATIONS = [operation for world in chosen(WORLDS) for operation in world.operations]
OVER_HTTP = {*ROUTES, "papers.summarise"}
PAPERS = SECONDS * RATE // len(OPERATIONS)


@dataclass(frozen=True)
class Run:
    """A run that is over."""

    status: int
    output: str
    errors: str
    files: Files
    metrics: dict[str, Metric]

    def counter(self, name: str, label: str) -> dict[str, Counter[str]]:
        """A counter of metrics.txt by operation and `label`, without zeros."""
        counts: dict[str, Counter[str]] = {operation: Counter() for operation in OPERATIONS}
        for sample in self.metrics[name].samples:
            if sample.name == f"{name}_total" and sample.value:
                counts[sample.labels["retold_operation"]][sample.labels[label]] += int(sample.value)
        return counts


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("run")
    options = (
        f"--duration={SECONDS}",
        f"--rate={RATE}",
        f"--seed={SEED}",
        "--failure-rate=0.7",
        "--incident-at=0.5",
        "--incident-for=3",
    )
    with Demo(folder, *options) as demo:
        demo.wait_for_line(r" s .* calls ended")
        status = demo.end()
        text = (folder / "metrics.txt").read_text()
        metrics = {family.name: family for family in text_string_to_metric_families(text)}  # type: ignore[no-untyped-call]
        yield Run(status, demo.output, demo.errors, Files(folder), metrics)


def by_outcome(spans: list[dict[str, dict[str, str]]], key: str) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {operation: Counter() for operation in OPERATIONS}
    for span in spans:
        counts[span["attributes"]["retold.operation"]][span["attributes"][key]] += 1
    return counts


def test_ends_well_and_says_nothing_on_stderr(run: Run) -> None:
    assert (run.status, run.errors) == (0, "")


def test_every_paper_of_the_load_begins_and_goes_through_its_stages(run: Run) -> None:
    calls = {operation: counts.total() for operation, counts in run.files.counted("calls").items()}

    assert calls["papers.fetch"] == PAPERS
    assert sorted(calls) == sorted(OPERATIONS)
    # What is still on its way a while after the end goes no further.
    for earlier, later in pairwise(STAGES):
        assert max(calls[operation] for operation in later) <= min(calls[operation] for operation in earlier)
    assert calls["labels.print"] > 0


def test_calls_agree_on_every_side(run: Run) -> None:
    calls = run.files.counted("calls")

    assert calls == run.counter("retold_calls", "retold_outcome")
    assert calls == by_outcome(run.files.calls, "retold.outcome")


def test_there_are_metrics_of_what_the_run_does_and_of_nothing_else(run: Run) -> None:
    samples = run.metrics["retold_calls"].samples

    assert {sample.labels["retold_operation"] for sample in samples} == set(OPERATIONS)


def test_attempts_agree_on_every_side(run: Run) -> None:
    attempts = run.files.counted("attempts")

    assert attempts == run.counter("retold_attempts", "retold_attempt_outcome")
    assert attempts == by_outcome(run.files.attempts, "retold.attempt.outcome")
    totals = {operation: attempts[operation].total() for operation in ROUTES}
    assert totals == {operation: sum(answers.values()) for operation, answers in run.files.requests.items()}
    assert len(run.files.gets) == sum(totals.values()) > PAPERS * len(ROUTES)


def test_the_language_model_counted_the_attempts_at_summaries(run: Run) -> None:
    attempts, requests = run.files.counted("attempts")["papers.summarise"], run.files.world("llm.json")["summaries"]

    assert len(run.files.posts) == attempts.total()
    assert attempts.total() - attempts["error"] <= sum(requests.values()) <= attempts.total()
    assert attempts["success"] <= requests["ok"]


def test_the_store_has_the_papers_whose_storing_succeeded_and_their_summaries(run: Run) -> None:
    calls = run.files.counted("calls")

    assert len(run.files.rows) == calls["papers.store"]["success"] > 0
    assert all(title == f"Paper {number}" for number, title, _ in run.files.rows)
    summarised = sum(summary is not None for _, _, summary in run.files.rows)
    assert 0 < summarised <= calls["papers.summarise"]["success"]


def test_the_printer_printed_the_labels_whose_printing_succeeded(run: Run) -> None:
    calls, attempts = (run.files.counted(name)["labels.print"] for name in ("calls", "attempts"))
    frames = run.files.world("printer.json")["labels"]

    assert sum(frames.values()) <= attempts.total()
    assert calls["success"] <= sum(frames.get(answer, 0) for answer in PRINTING) <= calls.total()


def test_each_world_is_told_to_agree(run: Run) -> None:
    worlds = run.files.summary["worlds"]

    assert tuple(worlds) == WORLDS
    for world in worlds.values():
        assert world["agree"]
        assert f"{world['told']}\n" in run.output


def test_give_ups_and_fallbacks_agree_on_every_side(run: Run) -> None:
    give_ups = run.files.counted("give_ups")
    fallbacks = Counter({name: counts["fallbacks"] for name, counts in run.files.summary["operations"].items()})

    assert give_ups == run.counter("retold_give_ups", "retold_outcome")
    told = Counter(span["name"] for span in run.files.calls if span["attributes"]["retold.fallback"])
    served = {sample.labels["retold_operation"]: sample.value for sample in run.metrics["retold_fallbacks"].samples}
    assert +fallbacks == told == +Counter(served)
    assert fallbacks["citations.find"] == give_ups["citations.find"].total() > 0


def test_no_success_here_is_anything_but_an_ok_there(run: Run) -> None:
    attempts = run.files.counted("attempts")

    ok = [span for span in run.files.gets if span["attributes"].get("http.response.status_code") == 200]
    assert len(ok) == sum(attempts[operation]["success"] for operation in ROUTES)
    assert all(attempts[operation]["success"] <= run.files.requests[operation]["ok"] for operation in ROUTES)


def test_each_request_nests_under_its_attempt_and_each_attempt_under_its_call(run: Run) -> None:
    calls = {span["context"]["span_id"]: span for span in run.files.calls}
    attempts = {span["context"]["span_id"]: span for span in run.files.attempts}

    assert all(call["parent_id"] is None for call in calls.values())
    assert all(
        calls[span["parent_id"]]["context"]["trace_id"] == span["context"]["trace_id"] for span in attempts.values()
    )
    # One request for each attempt, each under another.
    requests = run.files.gets + run.files.posts
    over_http = [name for name, span in attempts.items() if span["attributes"]["retold.operation"] in OVER_HTTP]
    assert Counter(span["parent_id"] for span in requests) == Counter(over_http)
    assert all(span["kind"] == "SpanKind.CLIENT" for span in requests)
    made = Counter(span["parent_id"] for span in attempts.values())
    assert made == {name: call["attributes"]["retold.attempt.count"] for name, call in calls.items()}


def test_a_failed_request_names_its_error_in_full(run: Run) -> None:
    failed = [span for span in run.files.gets if span["status"]["status_code"] == "ERROR"]

    assert {span["attributes"]["error.type"] for span in failed} >= {"httpx.HTTPStatusError", "httpx.ReadError"}


def test_exemplars_lead_to_traces_of_the_file(run: Run) -> None:
    samples = [sample for family in run.metrics.values() for sample in family.samples]

    shown = {sample.exemplar.labels["trace_id"] for sample in samples if sample.exemplar}
    assert shown
    assert shown <= run.files.trace_ids


def test_the_screen_shows_lines_phases_and_the_table(run: Run) -> None:
    operations = run.files.summary["operations"]

    assert "105 calls a second in the worlds http, llm, store, printer\n" in run.output
    assert "70% of what they are asked fails (--seed 7)\n" in run.output
    assert len(re.findall(r"^ +\d s +\d+ calls ended .*\[(?:degrading|outage|after)\]$", run.output, re.MULTILINE)) >= 3
    for operation, counts in operations.items():
        [row] = re.findall(rf"^ *{re.escape(operation)} .*$", run.output, re.MULTILINE)
        assert row.split()[1] == str(sum(counts["calls"].values()))
        assert row.split()[-1] == str(sum(counts["upstream"].values()))
    assert list(run.files.summary["phases"]) == ["before", "degrading", "outage", "storm", "after"]
    spans = len(run.files.spans)
    assert f"{spans} spans in " in run.output
    assert run.files.summary["spans"]["delivered"] == spans

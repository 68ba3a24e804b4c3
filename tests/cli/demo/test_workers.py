"""`retold demo --workers`: many processes tell one story, also when some of them are killed in the middle of it."""

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from retold.cli.demo.options import WORLDS
from retold.cli.demo.pool.pool import OPERATION
from retold.cli.demo.worlds.http.crawler import ROUTES
from retold.cli.demo.worlds.printer.answers import PRINTING
from tests.cli.demo.running import Demo, Files, wait_until

LEFT = {"upstream.json", "llm.json", "locker.json", "printer.json", "papers.db", "spans.jsonl"}
SIZE, KILLED = 3, 2
MOST = 8
"""Attempts of a call."""
Counts = dict[str, Counter[str]]


@dataclass(frozen=True)
class Run:
    """A run that is over, in which workers were killed."""

    folder: Path
    status: int
    output: str
    errors: str
    scraped: str
    left: list[int]

    @property
    def files(self) -> Files:
        return Files(self.folder)

    def counter(self, name: str, label: str) -> Counts:
        """A counter of metrics.txt by operation and `label`, without zeros."""
        counts: Counts = {operation: Counter() for operation in self.files.summary["operations"]}
        text = (self.folder / "metrics.txt").read_text()
        families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
        for sample in (sample for family in families for sample in family.samples):
            if sample.name == f"{name}_total" and sample.value:
                counts[sample.labels["retold_operation"]][sample.labels[label]] += int(sample.value)
        return counts

    def spans(self, key: str) -> Counts:
        """Spans that have this attribute, by operation and its value."""
        counts: Counts = {operation: Counter() for operation in self.files.summary["operations"]}
        for span in self.files.spans:
            if key in span["attributes"]:
                counts[span["attributes"]["retold.operation"]][span["attributes"][key]] += 1
        return counts

    def lost(self, what: str) -> Counter[str]:
        """What went down with workers, by operation."""
        return Counter({name: counts[f"lost_{what}"] for name, counts in self.files.summary["operations"].items()})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Incidents in all worlds, and workers killed before and in the middle of them."""
    folder = tmp_path_factory.mktemp("run")
    options = ("--duration=6", "--rate=70", "--seed=7", "--incident-at=2", "--incident-for=3", f"--workers={SIZE}")
    with Demo(folder, *options) as demo:
        url = demo.metrics_url
        for second in (2, 4):
            demo.wait_for_line(rf" {second} s .*calls ended")
            os.kill(min(demo.workers), signal.SIGKILL)
        demo.wait_for_line(" 6 s .*calls ended")
        scraped = urlopen(url, timeout=5).read().decode()
        status = demo.end()
        yield Run(folder, status, demo.output, demo.errors, scraped, demo.workers)


def test_it_ends_well_and_leaves_no_worker_and_none_of_their_files(run: Run) -> None:
    assert (run.status, run.errors, run.left) == (0, "", [])
    assert {path.name for path in run.folder.iterdir()} == LEFT | {"metrics.txt", "summary.json"}


def test_says_whom_it_has_lost_and_replaced(run: Run) -> None:
    assert f"\n{SIZE} worker processes\n" in run.output
    assert run.output.count("has ended with status -9, amid ") == KILLED


def test_calls_agree_on_every_side(run: Run) -> None:
    calls = run.files.counted("calls")

    assert_within(calls, run.counter("retold_calls", "retold_outcome"), run.lost("calls"))
    assert_within(calls, run.spans("retold.outcome"), run.lost("calls"))
    assert min(counts.total() for counts in calls.values()) > 20


def test_attempts_agree_on_every_side(run: Run) -> None:
    attempts = run.files.counted("attempts")

    # What a call came to is in the metrics when it has ended; its attempts before that are not.
    assert_within(attempts, run.spans("retold.attempt.outcome"), run.lost("attempts"))
    told = run.counter("retold_attempts", "retold_attempt_outcome")
    untold = {name: attempts[name].total() - told[name].total() for name in attempts}
    assert all(0 <= untold[name] <= MOST * run.lost("calls")[name] for name in untold)


def test_every_world_agrees(run: Run) -> None:
    calls, attempts, lost = run.files.counted("calls"), run.files.counted("attempts"), run.lost("attempts")
    summary = run.files.summary

    assert tuple(summary["worlds"]) == (*WORLDS, "workers")
    assert all(world["agree"] for world in summary["worlds"].values())
    for operation, answers in run.files.requests.items():
        assert 0 <= sum(answers.values()) - attempts[operation].total() <= lost[operation]
    again = attempts[OPERATION]["error"]
    assert again > 0
    assert -again <= len(run.files.rows) - calls["papers.store"]["success"] <= run.lost("calls")["papers.store"]
    frames = run.files.world("printer.json")["labels"]
    printed = sum(frames.get(answer, 0) for answer in PRINTING)
    assert calls["labels.print"]["success"] - again <= printed
    assert sum(frames.values()) <= attempts["labels.print"].total() + lost["labels.print"]


def test_all_papers_were_taken_through(run: Run) -> None:
    counts = run.files.counted("calls")[OPERATION]
    handed = run.files.counted("attempts")[OPERATION]

    assert counts.keys() <= {"success", "attempts_exhausted"}
    assert handed["success"] == counts["success"] > 40
    assert run.files.world("upstream.json").keys() == set(ROUTES.values())


def test_one_scrape_has_what_all_workers_did(run: Run) -> None:
    families = parser.text_string_to_metric_families(run.scraped)
    calls = {
        sample.labels["retold_operation"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "retold_calls_total" and sample.labels["retold_outcome"] == "success"
    }

    assert set(calls) == set(run.files.summary["operations"])
    assert sum(calls.values()) > 0


def test_a_trace_leads_from_a_paper_through_the_worker_that_took_it(run: Run) -> None:
    spans = {span["context"]["span_id"]: span for span in run.files.spans}
    handed = {name for name, span in spans.items() if span["name"] == f"attempt {OPERATION}"}
    fetched = [span for span in run.files.calls if span["name"] == "papers.fetch"]

    assert fetched
    parents = [span["parent_id"] for span in fetched if span["parent_id"] in spans]
    assert set(parents) <= handed
    assert len(parents) == len(fetched)
    # One that was handed to another worker is one trace.
    traces = Counter(spans[parent]["context"]["trace_id"] for parent in parents)
    assert max(traces.values()) > 1


def test_a_demo_that_is_killed_leaves_no_worker_and_none_of_their_files(tmp_path: Path) -> None:
    with Demo(tmp_path, "--workers=2", "--rate=50") as demo:
        demo.wait_for_line(" 2 s .*calls ended")
        assert len(demo.workers) == 2
        assert list((tmp_path / "metrics").iterdir())

        demo.end(signal.SIGKILL)

        wait_until(lambda: demo.workers == demo.worlds == [])
        wait_until(lambda: not (tmp_path / "metrics").exists())
        assert demo.errors == ""
    assert {path.name for path in tmp_path.iterdir()} == LEFT


def test_workers_need_nobody_who_is_told(tmp_path: Path) -> None:
    with Demo(tmp_path, "--workers=1", "--duration=1", "--exporters=none") as demo:
        assert (demo.end(), demo.errors) == (0, "")

    assert Files(tmp_path).summary["agree"]
    assert not (tmp_path / "spans.jsonl").exists()


def test_workers_take_a_variable_of_another_application_for_their_own_metrics_alone(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    options = ("--duration=1", "--worlds=http")
    with Demo(tmp_path / "run", *options, PROMETHEUS_MULTIPROC_DIR=str(foreign)) as demo:
        assert demo.end() == 0

    assert not list(foreign.iterdir())
    assert "retold_calls_total{" in (tmp_path / "run" / "metrics.txt").read_text()
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["agree"]


def assert_within(told: Counts, found: Counts, lost: Counter[str]) -> None:
    """Each side has what the other has, but for what it may have of calls that went down."""
    for operation, counts in told.items():
        differ = sum(((counts - found[operation]) + (found[operation] - counts)).values())
        assert differ <= lost[operation], operation

"""The demo's main promise: its table, its metrics, its spans and its upstream's file tell the same story."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from retold.cli.demo.answers import Choices
from retold.cli.demo.crawler import ROUTES
from tests.cli.demo.running import COMMAND, Demo, Files, environment

SECONDS, RATE, SEED = 3, 60, 7


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
        counts: dict[str, Counter[str]] = {operation: Counter() for operation in ROUTES}
        for sample in self.metrics[name].samples:
            if sample.name == f"{name}_total" and sample.value:
                counts[sample.labels["retold_operation"]][sample.labels[label]] += int(sample.value)
        return counts


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("run")
    options = (f"--duration={SECONDS}", f"--rate={RATE}", f"--seed={SEED}", "--incident-at=1", "--incident-for=1")
    with Demo(folder, *options) as demo:
        demo.wait_for_line(r" s .* calls ended")
        status = demo.end()
        text = (folder / "metrics.txt").read_text()
        metrics = {family.name: family for family in text_string_to_metric_families(text)}  # type: ignore[no-untyped-call]
        yield Run(status, demo.output, demo.errors, Files(folder), metrics)


def by_outcome(spans: list[dict[str, dict[str, str]]], key: str) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {operation: Counter() for operation in ROUTES}
    for span in spans:
        counts[span["attributes"]["retold.operation"]][span["attributes"][key]] += 1
    return counts


def test_ends_well_and_says_nothing_on_stderr(run: Run) -> None:
    assert (run.status, run.errors) == (0, "")


def test_numbers_move_within_three_seconds(tmp_path: Path) -> None:
    with Demo(tmp_path) as demo:
        demo.wait_for_line(r" s .* calls ended")
        spent = demo.cpu_seconds

    # The first line is that of the first second; what else the machine does meanwhile is no affair of the demo's.
    assert 1 + spent < 3


def test_every_call_of_the_load_is_made(run: Run) -> None:
    calls = run.files.counted("calls")

    assert {operation: counts.total() for operation, counts in calls.items()} == dict.fromkeys(
        ROUTES, SECONDS * RATE // len(ROUTES)
    )


def test_calls_agree_on_every_side(run: Run) -> None:
    calls = run.files.counted("calls")

    assert calls == run.counter("retold_calls", "retold_outcome")
    assert calls == by_outcome(run.files.calls, "retold.outcome")


def test_attempts_agree_on_every_side(run: Run) -> None:
    attempts = run.files.counted("attempts")

    assert attempts == run.counter("retold_attempts", "retold_attempt_outcome")
    assert attempts == by_outcome(run.files.attempts, "retold.attempt.outcome")
    totals = {operation: counts.total() for operation, counts in attempts.items()}
    assert totals == {operation: sum(answers.values()) for operation, answers in run.files.requests.items()}
    assert len(run.files.gets) == sum(totals.values()) > SECONDS * RATE


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
    assert len(ok) == sum(counts["success"] for counts in attempts.values())
    assert all(counts["success"] <= run.files.requests[operation]["ok"] for operation, counts in attempts.items())


def test_each_request_nests_under_its_attempt_and_each_attempt_under_its_call(run: Run) -> None:
    calls = {span["context"]["span_id"]: span for span in run.files.calls}
    attempts = {span["context"]["span_id"]: span for span in run.files.attempts}

    assert all(call["parent_id"] is None for call in calls.values())
    assert all(
        calls[span["parent_id"]]["context"]["trace_id"] == span["context"]["trace_id"] for span in attempts.values()
    )
    # One request for each attempt, each under another.
    assert Counter(span["parent_id"] for span in run.files.gets) == Counter(list(attempts))
    assert all(span["kind"] == "SpanKind.CLIENT" for span in run.files.gets)
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

    assert re.search(r"^60 calls a second; the upstream fails 20% \(--seed 7\)$", run.output, re.MULTILINE)
    assert len(re.findall(r"^ +\d s +\d+ calls ended .*\[(?:degrading|outage|after)\]$", run.output, re.MULTILINE)) >= 3
    for operation, counts in operations.items():
        [row] = re.findall(rf"^ *{re.escape(operation)} .*$", run.output, re.MULTILINE)
        assert row.split()[1] == str(sum(counts["calls"].values()))
        assert row.split()[-1] == str(sum(counts["upstream"].values()))
    assert list(run.files.summary["phases"]) == ["before", "degrading", "outage", "storm", "after"]
    spans = len(run.files.spans)
    assert f"{spans} spans in " in run.output
    assert run.files.summary["spans"]["delivered"] == spans


def test_two_at_once_do_not_disturb_each_other_and_a_seed_fixes_the_answers(
    tmp_path: Path,
) -> None:
    with ExitStack() as both:
        fast = both.enter_context(Demo(tmp_path / "fast", "--duration=1.5", "--rate=80", "--seed=7"))
        slow = both.enter_context(Demo(tmp_path / "slow", "--duration=1.5", "--rate=30", "--seed=7"))
        urls = {fast.metrics_url, slow.metrics_url}

        assert (fast.end(), slow.end()) == (0, 0)

    assert len(urls) == 2
    for demo, calls in ((fast, 120), (slow, 45)):
        files = Files(demo.folder)
        assert sum(counts.total() for counts in files.counted("calls").values()) == calls
        assert files.summary["agree"]
        choices = Choices(7)
        for operation, answers in files.requests.items():
            route, requests = ROUTES[operation], sum(answers.values())
            assert answers == Counter(choices.answer(route, 0.2) for _ in range(requests))


def test_without_options_it_writes_to_a_folder_of_its_own(tmp_path: Path) -> None:
    command = [*COMMAND, "--duration=0.1", "--port=0", "--exporters=prometheus", "--plain"]

    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, env=environment())

    assert (ended.returncode, ended.stderr) == (0, "")
    [folder] = (tmp_path / "retold-demo").iterdir()
    assert {path.name for path in folder.iterdir()} == {"summary.json", "metrics.txt", "upstream.json"}
    assert f"files:   retold-demo/{folder.name}\n" in ended.stdout


def test_nobody_is_told_where_none_is_asked_for(tmp_path: Path) -> None:
    with Demo(tmp_path, "--duration=0.1", "--exporters=none") as demo:
        assert demo.end() == 0

    assert not re.search("metrics:|traces:| spans in ", demo.output)
    assert set(Files(tmp_path).summary) == {"operations", "phases", "held_back", "agree"}

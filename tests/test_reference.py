"""The contract as it is written down: the files are up to date, and everything that is told is in them."""

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from prometheus_client import CollectorRegistry

import retold
from retold import contract, telemetry
from retold.contract import KEYS, LOG_EVENTS, SPANS, values_of
from retold.exporters._lines import Fields, Lines
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL
from retold.telemetry import METRICS, label_name
from tests.exporters.sdk import Sdk, attributes, metrics_of, points_of
from tests.plans import PLANS, Plan, perform

ROOT = Path(__file__).parents[1]
TYPES: Mapping[type, str] = {str: "string", int: "int", float: "double", bool: "boolean"}


def write_reference(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.write_reference", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)


def test_the_files_are_what_the_code_says() -> None:
    done = write_reference(ROOT, "--check")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_that_is_not_is_named(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    for name in ("write_reference.py", "written.py"):
        shutil.copy(ROOT / "scripts" / name, tmp_path / "scripts")

    before = write_reference(tmp_path, "--check")
    written = write_reference(tmp_path)
    after = write_reference(tmp_path, "--check")

    assert before.returncode == 1
    assert before.stderr.splitlines() == [
        "docs/reference/telemetry.md is not what would be written: run python -m scripts.write_reference",
        "src/retold/telemetry.json is not what would be written: run python -m scripts.write_reference",
    ]
    assert written.stdout.splitlines() == ["wrote docs/reference/telemetry.md", "wrote src/retold/telemetry.json"]
    assert (after.returncode, after.stderr) == (0, "")


def shipped() -> Any:
    """The document that is in the package."""
    return json.loads(files("retold").joinpath("telemetry.json").read_text(encoding="utf-8"))


def test_programs_find_every_metric_with_its_labels_and_their_values_in_the_package() -> None:
    by_name = {metric["prometheus_name"]: metric for metric in shipped()["metrics"]}

    assert len(by_name) == len(METRICS)
    assert by_name["retold_give_ups_total"] == {
        "name": "retold.give_ups",
        "prometheus_name": "retold_give_ups_total",
        "type": "counter",
        "unit": "{give_up}",
        "help": "Calls that ended because their policy ran out, by the limit that did.",
        "labels": [
            {"key": "retold.operation", "prometheus_label": "retold_operation", "values": []},
            {
                "key": "retold.outcome",
                "prometheus_label": "retold_outcome",
                "values": ["attempts_exhausted", "deadline_exceeded", "budget_exhausted", "hint_refused"],
            },
        ],
        "buckets": [],
        "stability": "stable",
    }
    assert by_name["retold_retry_delay_seconds"]["buckets"][:3] == [0.01, 0.025, 0.05]


@pytest.mark.parametrize("part", [*METRICS, *SPANS, *LOG_EVENTS], ids=lambda part: part.name)
def test_everything_is_made_of_keys_that_are_described(part: Any) -> None:
    keys = [*part.keys, *getattr(part, "sometimes", ())]

    assert [key for key in keys if key not in KEYS] == []
    assert len(set(keys)) == len(keys)
    assert part.help.endswith(".")
    assert part.stability == "stable"


def test_every_name_of_a_key_or_event_is_described_and_every_description_used() -> None:
    names = {value for key, value in vars(telemetry).items() if key.isupper() and isinstance(value, str)}
    names -= {telemetry.SCOPE, telemetry.SCHEMA_URL, telemetry.OTHER, telemetry.REJECTED_RESULT_TYPE}
    events = {event.name for event in LOG_EVENTS}
    used = {key for part in (*METRICS, *SPANS, *LOG_EVENTS) for key in (*part.keys, *getattr(part, "sometimes", ()))}

    assert names == KEYS.keys() | events
    assert used == KEYS.keys()


@pytest.mark.parametrize(
    "metric",
    [each for each in METRICS if each.kind == "counter" and telemetry.OPERATION in each.keys],
    ids=lambda metric: metric.name,
)
def test_counters_exist_at_0_for_every_value_that_is_listed(metric: telemetry.Metric) -> None:
    retold.register("shop.fetch")

    series = JOURNAL.collect()[metric]

    listed = [values_of(metric, key) for key in metric.keys[1:]]
    wanted = set() if [] in map(list, listed) else {("shop.fetch", *labels) for labels in product(*listed)}
    assert {tuple(telemetry.label_value(label) for label in labels) for labels in series} == wanted
    assert set(series.values()) <= {0}


class Written(Lines):
    """Keeps all lines."""

    name = "written"

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, int, Fields]] = []

    def write(self, level: int, event: str, fields: Fields) -> None:
        self.lines.append((event, level, fields))


def fits(part: contract.SpanKind | contract.LogEvent, facts: Mapping[str, Any]) -> list[str]:
    """What is wrong with the facts on a span or line."""
    return [
        *(f"{part.name} has no {key}" for key in part.keys if key not in facts),
        *(f"{part.name} has {key}" for key in facts if key not in (*part.keys, *part.sometimes)),
        *wrong_values(facts.items()),
    ]


def wrong_values(facts: Iterable[tuple[str, Any]]) -> list[str]:
    return [
        f"{key} is {value!r}"
        for key, value in facts
        if TYPES[type(value)] != KEYS[key].type or (KEYS[key].values and value not in KEYS[key].values)
    ]


@settings(max_examples=40)
@given(plans=PLANS)
def test_whatever_calls_do_all_that_is_told_of_them_is_in_the_reference(plans: list[Plan]) -> None:
    JOURNAL.forget()
    sdk, registry, written = Sdk(), CollectorRegistry(), Written()
    prometheus = Prometheus(registry)

    with retold.configure(exporters=[sdk.exporter(metrics=True), prometheus, written]):
        perform(plans, threads=2)
        on_opentelemetry = metrics_of(sdk.reader)
        families = list(registry.collect())

    events = {event.name: event for event in LOG_EVENTS}
    call, attempt = SPANS
    wrong = [
        *(each for span in sdk.calls() for each in fits(call, attributes(span))),
        *(each for span in sdk.attempts() for each in fits(attempt, attributes(span))),
        *(each for event, _, fields in written.lines for each in fits(events[event], fields)),
    ]
    levels = {event: logging.getLevelName(level).lower() for event, level, _ in written.lines}
    for metric in METRICS:
        for point in points_of(on_opentelemetry[metric.name]) if metric.name in on_opentelemetry else ():
            wrong += [f"{metric.name} has {point}"] * ({key for key, _ in point} != set(metric.keys))
            wrong += wrong_values(point)
    by_name = {metric.prometheus_name: metric for metric in METRICS}
    for family in families:
        keys = {label_name(key): key for key in by_name[family.name].keys}
        for sample in family.samples:
            labels = {key: value for key, value in sample.labels.items() if key != "le"}
            wrong += [f"{sample.name} has {labels}"] * (labels.keys() != keys.keys())
            for label, value in labels.items():
                values = values_of(by_name[family.name], keys[label])
                wrong += [f"{label} of {sample.name} is {value}"] * bool(values and value not in values)
    assert wrong == []
    assert all(level in ("info", events[event].level) for event, level in levels.items())
    assert len(families) == len(METRICS)
    sdk.close()
    prometheus.close()

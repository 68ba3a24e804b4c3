"""Boards drawn from what a real Prometheus answers: every panel has its numbers, and no text stands upon another."""

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Never

import numpy as np
import pytest
from PIL import Image
from prometheus_client import CollectorRegistry, Metric, start_http_server

import retold
from retold import Policy, telemetry
from retold.dashboards.boards import all_boards
from retold.dashboards.boards.model import Annotation, BarGauge, Gauge, Heatmap, Panel, Stat, TimeSeries, Unit
from retold.dashboards.options import Options
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL
from retold.testing import ManualClock
from scripts.draw_boards import ago, main
from scripts.pictures.board import draw_board, draw_panel
from scripts.pictures.canvas import Box, Canvas
from scripts.pictures.numbers import spelled, tick
from scripts.pictures.prometheus import Answer, Asking, PrometheusError, Series
from tests.forms import Failing
from tests.services.prometheus import PrometheusServer

BOARDS = all_boards(Options())
OPERATION = "shop.fetch_the_page_of_a_paper_by_its_number"


@pytest.fixture(scope="module")
def seen() -> Iterator[Asking]:
    """A quarter of a minute in which a Prometheus has seen calls succeed, recover and give up.

    It saw them twice: one of its targets spells bounds of buckets as Python's clients do, one as the others.
    """
    JOURNAL.forget()  # what earlier modules left, since this comes before the fixture that does so for each test
    registry = CollectorRegistry()
    endpoint, thread = start_http_server(0, "127.0.0.1", registry)
    other, other_thread = start_http_server(0, "127.0.0.1", Others(registry))
    policy = Policy(on=OSError, operation=OPERATION, backoff=0.1, clock=ManualClock())
    # Scraped twice: rates and increases are of what lies between.
    with retold.configure(exporters=[Prometheus(registry)]):
        calls(policy)
        with PrometheusServer([f"127.0.0.1:{each.server_port}" for each in (endpoint, other)]) as started:
            started.wait_until("count(retold_call_active)", lambda found: [each.value for each in found] == [2])
            calls(policy)
            started.wait_until(
                "sum by (instance) (increase(retold_give_ups_total[15s])) > 0", lambda found: len(found) == 2
            )
            now = time.time()
            yield Asking(url=started.url, start=now - 15, end=now, operation=OPERATION, step=0.25, rate_interval=15)
    for each, its_thread in ((endpoint, thread), (other, other_thread)):
        each.shutdown()
        each.server_close()
        its_thread.join()


class Others(CollectorRegistry):
    """The same metrics with bounds of buckets as clients in other languages spell them: `1` and not `1.0`."""

    def __init__(self, of: CollectorRegistry) -> None:
        super().__init__()
        self._of = of

    def collect(self) -> Iterator[Metric]:
        for metric in self._of.collect():
            for number, sample in enumerate(metric.samples):
                if "le" in sample.labels:
                    labels = sample.labels | {"le": sample.labels["le"].removesuffix(".0")}
                    metric.samples[number] = sample._replace(labels=labels)
            yield metric


def calls(policy: Policy[Never]) -> None:
    policy.call(str, "at once")
    policy.call(Failing(OSError, "recovered"))
    policy.run(Failing(OSError, TimeoutError, ConnectionError))


def said(canvas: Canvas) -> list[str]:
    return [text.get_text() for text in canvas.texts()]


def overlaps(canvas: Canvas) -> list[tuple[str, str]]:
    canvas.figure.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent()) for text in canvas.texts()]
    return [
        (one, other)
        for (one, upper), (other, lower) in combinations(boxes, 2)
        if upper.padded(-1).overlaps(lower.padded(-1))
    ]


def drawn(name: str, asked: Asking) -> tuple[Canvas, list[str]]:
    told: list[str] = []
    return draw_board(BOARDS[name], asked, told.append), told


@pytest.mark.parametrize(("name", "operation"), [("overview", ".+"), ("operation", OPERATION)])
def test_a_board_is_drawn_with_all_its_panels(seen: Asking, name: str, operation: str, tmp_path: Path) -> None:
    canvas, told = drawn(name, seen.of(operation))
    canvas.save(tmp_path / "new" / "picture.png")

    assert [line.split(":")[0] for line in told] == [panel.title for panel in BOARDS[name].panels]
    assert {panel.title for panel in BOARDS[name].panels} <= set(said(canvas))
    assert overlaps(canvas) == []
    with Image.open(tmp_path / "new" / "picture.png") as picture:
        assert picture.size == (round(canvas.width * 1.25), round(canvas.height * 1.25))
        assert len(picture.getcolors() or []) > 20


def test_the_numbers_are_those_of_the_calls(seen: Asking) -> None:
    canvas, _ = drawn("operation", seen)

    assert seen.operations() == [OPERATION]
    assert {"66.7%", "2.00", "OSError", "TimeoutError", "ConnectionError", "attempt 2", "50%"} <= set(said(canvas))


@pytest.mark.parametrize(
    ("title", "metric"),
    [
        ("Attempts per call, over time", telemetry.CALL_ATTEMPTS),
        ("Delays between attempts", telemetry.RETRY_DELAYS),
    ],
)
def test_buckets_are_one_however_clients_spell_their_bounds(seen: Asking, title: str, metric: telemetry.Metric) -> None:
    heatmap = panel_of(Heatmap, title)

    (answered,) = seen.answers(heatmap)

    found = {each.labels["le"] for each in answered.series}
    assert found == {"+Inf", *(f"{bound:g}" for bound in metric.buckets)}


def test_an_operation_without_calls_leaves_reasons_where_numbers_would_be(seen: Asking) -> None:
    canvas, told = drawn("operation", seen.of("shop.unknown"))

    assert [line for line in told if not line.endswith(" 0 series")] == []
    assert {panel.empty for panel in BOARDS["operation"].panels} <= set(said(canvas))
    assert overlaps(canvas) == []


def test_moments_are_those_at_which_an_annotation_begins(seen: Asking) -> None:
    began = Annotation(title="", expression="(vector(time()) % 10 < 5)", heading="", text="")
    start = seen.start // 10 * 10
    asked = replace(seen, start=start, end=start + 20, step=2.5)

    marks = asked.marks(replace(BOARDS["overview"], annotations=(began,)))

    assert marks == [start, start + 10, start + 20]
    assert seen.marks(BOARDS["overview"]) == []


def test_a_query_that_is_refused_is_told_with_the_query(seen: Asking) -> None:
    with pytest.raises(PrometheusError, match=r"refuses .*retold_operation.*parse error"):
        drawn("operation", seen.of('"'))


def test_the_command_says_who_does_not_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--prometheus", "http://127.0.0.1:1", "--output", str(tmp_path / "none.png")])

    out, err = capsys.readouterr()
    assert (status, out) == (1, "")
    assert err.startswith("draw_boards: http://127.0.0.1:1 does not answer as Prometheus does: ")
    assert list(tmp_path.iterdir()) == []


def test_the_command_draws_the_operation_with_the_most_give_ups(
    seen: Asking, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"--prometheus {seen.url} --board operation --from now-1m --scrape-interval 1s --output {tmp_path}/a.png"

    assert main(words.split()) == 0

    assert capsys.readouterr().out.splitlines()[-1].startswith(f"drew {tmp_path}/a.png (")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def one_panel(panel: Panel, answers: list[Answer]) -> Canvas:
    canvas = Canvas(400, 300)
    draw_panel(canvas, Box(0, 0, 400, 300), panel, answers, [1.0])
    canvas.figure.draw_without_rendering()
    return canvas


def answer(panel: Panel, *values: float, **labels: str) -> Answer:
    times = [float(index) for index in range(len(values))]
    return Answer(panel.targets[0], [Series("it", labels, times, list(values))], [(0.5, 1.0), (1.5, 2.0)])


def panel_of(kind: type[Panel], title: str) -> Panel:
    return next(
        each for board in BOARDS.values() for each in board.panels if isinstance(each, kind) and each.title == title
    )


def test_exemplars_are_dots_upon_the_lines() -> None:
    latency = panel_of(TimeSeries, "How long calls take")

    canvas = one_panel(latency, [answer(latency, 0.5, math.nan, 1.0)])

    places = [np.asarray(each.get_offsets()) for each in canvas.figure.axes[0].collections]
    assert [[0.5, 1.0], [1.5, 2.0]] in [place.tolist() for place in places]


def test_moments_are_marked_upon_the_lines() -> None:
    latency = panel_of(TimeSeries, "How long calls take")

    canvas = one_panel(latency, [answer(latency, 0.5, 0.7, 1.0)])

    assert [1.0, 1.0] in [np.asarray(line.get_xdata()).tolist() for line in canvas.figure.axes[0].lines]


@pytest.mark.parametrize("kind", [Stat, Gauge, BarGauge, Heatmap, TimeSeries])
def test_a_panel_without_a_number_says_why(kind: type[Panel]) -> None:
    shown = next(each for each in BOARDS["operation"].panels if isinstance(each, kind))

    assert shown.empty in said(one_panel(shown, [answer(shown, math.nan, math.nan, le="1")]))


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "read", "beside_an_axis"),
    [
        (0.98765, "percentunit", 1, "98.8%", "98.8%"),
        (0.5, "percentunit", None, "50%", "50%"),
        (12345, "short", None, "12.3 K", "12.3 K"),
        (1234.5, "locale", 0, "1,234", "1,234"),
        (2_500_000, "short", None, "2.50 Mil", "2.5 Mil"),
        (0.25, "cps", None, "0.250 c/s", "0.25 c/s"),
        (0, "s", None, "0 s", "0 s"),
        (0.005, "s", None, "5 ms", "5 ms"),
        (2.5, "s", None, "2.50 s", "2.5 s"),
        (90, "s", None, "1.50 min", "1.5 min"),
        (1.714, "none", 2, "1.71", "1.71"),
        (math.nan, "none", None, "-", "-"),
    ],
)
def test_numbers_read_as_their_unit_says(
    value: float, unit: Unit, decimals: int | None, read: str, beside_an_axis: str
) -> None:
    assert spelled(value, unit, decimals) == read
    assert math.isnan(value) or tick(value, unit) == beside_an_axis


@pytest.mark.parametrize(("text", "seconds"), [("15m", 900), ("-90s", 90), ("now-6h", 21600), ("1d", 86400)])
def test_times_are_read_as_grafana_writes_them(text: str, seconds: float) -> None:
    assert ago(text) == seconds

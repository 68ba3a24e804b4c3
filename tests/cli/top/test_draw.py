"""What is drawn: all of it on any screen that is large enough, and the most telling of it on small ones."""

import time
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.text import Text

from retold.cli.top.controls import KEYS, Controls
from retold.cli.top.draw import frame
from retold.cli.top.flow import Flow
from retold.cli.top.reading import Kind
from retold.cli.top.scene import Happening, Key, Mood, Scene, Stock
from tests.cli.top.scenes import scene

FOUR = ("citations.find", "index.update", "papers.fetch", "pdfs.download")
SCENE = scene(*FOUR, sick=("papers.fetch",))
MANY = scene(*(f"shop.backend.clients.operation_{number:02}" for number in range(60)))
INCIDENT = Key("i", "incident", "an incident")
EMPTY = scene(advice="Write retold.configure() in the process that serves it.", happenings=0)


def drawn(scene: Scene, width: int = 80, height: int = 24, controls: Controls | None = None) -> list[Text]:
    return frame(scene, controls or Controls(), width, height)


def plain(lines: list[Text]) -> str:
    return "\n".join(line.plain for line in lines)


def row(lines: list[Text], name: str) -> list[str]:
    [found] = [line.plain for line in lines if line.plain[2:].startswith(name)]
    return found[2 + len(name) :].split()


BUDGETED = replace(SCENE, budgets=tuple(Stock(f"budget {number}", number, 30) for number in range(30)))


@pytest.mark.parametrize(
    "shown", [SCENE, MANY, EMPTY, BUDGETED, scene("a", happenings=0, target="x" * 300, said="waiting")]
)
@pytest.mark.parametrize("helping", [False, True])
def test_a_frame_is_as_large_as_the_screen_and_no_larger(shown: Scene, helping: bool) -> None:
    for width in (1, 20, 39, 40, 47, 61, 80, 99, 100, 140, 251):
        for height in (1, 5, 8, 11, 15, 16, 24, 40, 90):
            lines = drawn(shown, width, height, Controls(helping=helping))

            assert len(lines) == height
            assert max(line.cell_len for line in lines) <= width


def test_effective_success_stands_beside_actual_success() -> None:
    lines = drawn(SCENE, controls=Controls(chosen="papers.fetch"))

    assert " ".join(lines[2].plain.split()) == "EFFECTIVE what callers see ACTUAL what the dependency gives"
    hundred, fifty = "▀█  █▀█ █▀█ ██ ▄▀", "█▀▀ █▀█   █▀█ ██ ▄▀"
    assert hundred in lines[3].plain
    assert fifty in lines[3].plain
    assert lines[3].plain.index(fifty) == 42
    # All columns of the one are full, those of the other half as high as there is room for; between both there is room.
    assert lines[3].plain[:42].endswith("█" * 15 + "    ")
    assert "▄" * 15 in lines[4].plain[42:]


@pytest.mark.parametrize("width", [46, 60, 74, 75, 80])
def test_what_stands_above_the_large_numbers_is_whole(width: int) -> None:
    above = drawn(SCENE, width)[2].plain.split()

    assert " ".join(above) in ("EFFECTIVE ACTUAL", "EFFECTIVE what callers see ACTUAL what the dependency gives")


@pytest.mark.parametrize("width", range(100, 161, 5))
def test_the_titles_of_charts_are_whole(width: int) -> None:
    titles = next(line.plain for line in drawn(SCENE, width, 40) if "calls/s" in line.plain)

    of_charts = " ".join(titles.partition("waits")[2].split())
    assert of_charts in (
        "",
        "effective actual",
        "effective, 1 min actual, 1 min",
        "effective, last minute actual, last minute",
    )


def test_each_operation_has_a_line_of_numbers() -> None:
    lines = drawn(SCENE)

    assert row(lines, "papers.fetch") == ["10.0", "100%", "50.0%", "x2.00", "1", "9", "of", "12", "950", "ms", "80%"]
    assert row(lines, "pdfs.download") == ["10.0", "100%", "100%", "x1.00", "0", "0", "of", "12", "950", "ms", "0%"]
    assert row(lines, "all operations")[:4] == ["40.0", "100%", "80.0%", "x1.25"]


def test_give_ups_and_failures_are_those_of_the_operation_that_is_chosen() -> None:
    sick, well = (plain(drawn(SCENE, controls=Controls(chosen=name))) for name in ("papers.fetch", "index.update"))

    assert "gave up  1 attempts_exhausted" in sick
    assert "failing  100 httpx.ReadTimeout" in sick
    assert "gave up  none" in well
    assert "failing  nothing" in well


def test_of_failures_that_have_no_room_there_is_the_number() -> None:
    crowded = scene("papers.fetch", sick=("papers.fetch",))
    failures = {(Kind.FAILURES, f"shop.backend.Error{number:02}"): 100.0 - number for number in range(20)}
    flow = Flow(10, {**crowded.everything.flow.counts, **failures})
    lines = drawn(replace(crowded, everything=replace(crowded.everything, flow=flow)))

    [line] = [line.plain for line in lines if "failing" in line.plain]
    assert line == "  failing  100 httpx.ReadTimeout  100 backend.Error00  +19 more"


def test_names_are_as_wide_as_a_terminal_draws_them() -> None:
    lines = drawn(scene("论文.获取", "papers.fetch.and.a.name.that.is.too.long.for.the.screen"))

    widths = {cell_len(line.plain) for line in lines if "100%   100%" in line.plain}
    assert len(widths) == 1


@pytest.mark.parametrize(
    ("left", "said", "look"),
    [
        (0.9, "0 of 100 left", "red"),
        (1, "1 of 100 left", "yellow"),
        (9.9, "9 of 100 left", "yellow"),
        (10, "10 of 100 left", ""),
    ],
)
def test_budgets_have_a_line_and_are_red_when_they_are_empty(left: float, said: str, look: str) -> None:
    lines = drawn(replace(SCENE, budgets=(Stock("shop", left, 100), Stock("bank", 20_000, 20_000))))

    [line] = [line for line in lines if "budgets" in line.plain]
    assert line.plain == f"  budgets  shop {said}  bank 20.0k of 20.0k left"
    assert [str(span.style) for span in line.spans if said in line.plain[span.start : span.end]] == [look] * bool(look)


def test_of_budgets_that_have_no_room_there_is_the_number() -> None:
    [line] = [line.plain for line in drawn(BUDGETED) if "budgets" in line.plain]

    assert line == "  budgets  budget 0 0 of 30 left  budget 1 1 of 30 left  +28 more"


def test_without_budgets_there_is_no_line_for_them() -> None:
    assert "budgets" not in plain(drawn(SCENE))


def test_give_ups_of_the_last_seconds_have_a_rate() -> None:
    giving_up = scene("papers.fetch", sick=("papers.fetch",), lately=True)

    assert "1 attempts_exhausted 0.1/s" in plain(drawn(giving_up, controls=Controls(chosen="papers.fetch")))


def test_the_latest_is_first_with_its_time() -> None:
    lines = [line.plain for line in drawn(SCENE)]

    at = lines.index("  latest" + " " * (80 - len("  latest") - 2))
    clock = time.strftime("%H:%M:%S", time.localtime(1.6e9 + 19))
    assert lines[at + 1] == f"  {clock}  papers.fetch  retry 19"
    assert lines[at + 2].endswith("retry 18")


@pytest.mark.parametrize(("age", "is_seen"), [(9.9, True), (10.1, False)])
def test_what_is_rare_stays_in_sight_for_ten_seconds(age: float, is_seen: bool) -> None:
    rare = Happening(1.6e9 - age, "workers", "worker 7 has ended", is_rare=True)
    common = [Happening(1.6e9, "papers.fetch", f"retry {number}") for number in range(200)]

    lines = [line.plain for line in drawn(replace(SCENE, happenings=(rare, *common)))]

    at = next(number for number, line in enumerate(lines) if line.startswith("  latest"))
    shown = [line.split("  ")[-1].strip() for line in lines[at + 1 : -1]]
    assert (shown[-1] == "worker 7 has ended") is is_seen
    assert shown[0] == "retry 199"
    assert len(shown) == 22 - at


def test_what_is_rare_leaves_half_of_the_lines_to_the_rest() -> None:
    rare = [Happening(1.6e9, "workers", f"worker {number} has ended", is_rare=True) for number in range(20)]
    common = [Happening(1.6e9, "papers.fetch", f"retry {number}") for number in range(200)]

    text = plain(drawn(replace(SCENE, happenings=(*rare, *common)), 80, 34))

    assert abs(text.count(" has ended") - text.count(" retry ")) <= 1
    assert "worker 19 has ended" in text


def test_a_wide_screen_has_the_last_minute_of_each_operation() -> None:
    lines = drawn(SCENE, 140, 40)

    titles = next(line.plain for line in lines if "calls/s" in line.plain)
    assert "effective, last minute" in titles
    assert "actual, last minute" in titles
    assert " /s " in titles
    papers = next(line.plain for line in lines if line.plain.startswith("  papers.fetch"))
    assert papers.endswith("█" * 20 + "  " + "▄" * (len(papers.rstrip()) - papers.rindex("█") - 3))


@pytest.mark.parametrize("width", [40, 50, 60, 70])
def test_a_narrow_screen_has_at_least_both_shares(width: int) -> None:
    lines = drawn(SCENE, width, 24)

    titles = next(line.plain for line in lines if line.plain.strip().startswith("operation"))
    assert titles.split()[-2:] == ["effective", "actual"] or "gave up" in titles
    assert {"100%", "50.0%"} <= set(row(lines, "papers.fetch"))


def test_a_low_screen_has_the_shares_in_a_line() -> None:
    text = plain(drawn(SCENE, 80, 12, Controls(chosen="papers.fetch")))

    assert "effective 100%   actual 50.0%" in text
    assert "▸ papers.fetch" in text


def test_the_operation_that_is_chosen_is_in_sight_and_the_hidden_are_counted() -> None:
    for number in (0, 7, 30, 59):
        name = f"shop.backend.clients.operation_{number:02}"

        text = plain(drawn(MANY, controls=Controls(chosen=name)))

        assert text.split("▸")[1].split()[0].endswith(f"operation_{number:02}")
        assert f"operation +{60 - text.count('operation_')} " in text
        assert "latest" in text


def test_an_operation_that_is_gone_leaves_all_of_them_chosen() -> None:
    assert "▸ all operations" in plain(drawn(SCENE, controls=Controls(chosen="gone")))


def test_where_there_is_nothing_it_says_what_to_do() -> None:
    assert "  Write retold.configure() in the process that serves it." in plain(drawn(EMPTY))


def test_the_first_line_says_what_is_watched_how_it_is_and_when() -> None:
    first = drawn(SCENE)[0].plain

    clock = time.strftime("%H:%M:%S", time.localtime(1.6e9))
    assert first.startswith(" retold top  http://127.0.0.1:9464/metrics ")
    assert first.endswith(f" up  {clock} ")
    assert len(first) == 80


def test_a_pause_is_seen() -> None:
    assert " PAUSED " in drawn(SCENE, controls=Controls(paused=True))[0].plain


def test_the_last_line_has_the_keys() -> None:
    last = drawn(replace(SCENE, keys=(INCIDENT,)), controls=Controls(order="gave up"))[-1].plain

    assert " ".join(last.split()) == "i incident ↑↓ choose s sort p pause ? help q quit sorted by gave up"


@pytest.mark.parametrize(
    ("width", "left"),
    [
        (70, "i incident ↑↓ choose s sort p pause ? help q quit"),
        (50, "i incident s sort p pause ? help q quit"),
        (40, "i incident p pause ? help q quit"),
    ],
)
def test_a_narrow_last_line_leaves_out_what_the_help_has(width: int, left: str) -> None:
    last = drawn(replace(SCENE, keys=(INCIDENT,)), width=width, controls=Controls(order="gave up"))[-1].plain

    assert " ".join(last.split()) == left


@pytest.mark.parametrize("width", [40, 50, 60, 70, 80])
def test_no_key_of_the_last_line_is_cut(width: int) -> None:
    worlds = [replace(INCIDENT, key=str(number), word=name) for number, name in enumerate(("http", "llm", "store"), 1)]
    last = drawn(replace(SCENE, keys=(INCIDENT, *worlds)), width)[-1].plain

    assert last.startswith(" i incident ")
    assert " ".join(last.partition("sorted")[0].split()).endswith("? help q quit")


def test_on_a_high_screen_many_operations_leave_room_for_the_latest() -> None:
    text = plain(drawn(MANY, 80, 60))

    assert text.count("papers.fetch  retry") == 5


def test_a_key_is_lit_by_the_mood_of_what_it_is_about() -> None:
    lit = drawn(replace(SCENE, keys=(INCIDENT, replace(INCIDENT, key="1", word="http", mood=Mood.BAD))))[-1]

    assert [lit.plain[span.start : span.end] for span in lit.spans if "on red" in str(span.style)] == ["http"]


def test_help_says_what_keys_do_and_what_words_mean() -> None:
    text = plain(drawn(replace(SCENE, keys=(INCIDENT,)), controls=Controls(helping=True)))

    for words in ("i        an incident", "q        quit", "actual     share of attempts", "of the last 10 s"):
        assert words in text


def test_nothing_in_the_help_is_cut_on_80_columns() -> None:
    text = plain(drawn(SCENE, controls=Controls(helping=True)))

    assert "…" not in text
    assert all(key.meaning in text for key in KEYS)


def test_what_goes_on_just_now_stands_at_the_right() -> None:
    text = plain(drawn(scene("a", happenings=0, said="longest wait ends in 1.2 s")))

    assert "  latest" + " " * 44 + "longest wait ends in 1.2 s" in text

"""What keys do."""

from retold.cli.top.controls import ORDERS, Controls, keys
from retold.cli.top.flow import Flow
from retold.cli.top.scene import Row
from tests.cli.top.scenes import scene

ROWS = scene("a", "b", "c", sick=("b",), lately=True).rows


def test_keys_are_told_apart_however_they_arrive() -> None:
    assert keys("j\x1b[Ak\x1bOBs\x1b[5~?") == ["down", "up", "up", "down", "s", "\x1b[5~", "?"]
    assert keys("") == []


def test_arrows_choose_an_operation_and_stop_at_either_end() -> None:
    controls = Controls()
    chosen = []

    for key in ("up", "down", "down", "down", "down", "up"):
        controls.press(key, ROWS)
        chosen.append(controls.chosen)

    assert chosen == [None, "a", "b", "c", "c", "b"]


def test_an_operation_that_is_gone_is_left_for_the_first() -> None:
    controls = Controls(chosen="gone")

    controls.press("down", ROWS)

    assert controls.chosen == "a"


def test_sorting_goes_through_all_orders_worst_first() -> None:
    controls = Controls()
    orders = {}

    for _ in ORDERS:
        orders[controls.order] = [row.operation for row in controls.ordered(ROWS)]
        controls.press("s", ROWS)

    assert controls.order == "name"
    assert orders == {
        "name": ["a", "b", "c"],
        "calls": ["b", "a", "c"],  # b alone gave up, so it has a call more
        "actual": ["b", "a", "c"],
        "effective": ["b", "a", "c"],
        "attempts a call": ["b", "a", "c"],
        "gave up": ["b", "a", "c"],
    }


def test_operations_without_calls_come_last() -> None:
    controls = Controls(order="effective")
    quiet = Row("quiet", Flow(10, {}), {}, 0, 0, ())

    assert [row.operation for row in controls.ordered([*ROWS, quiet])] == ["b", "a", "c", "quiet"]


def test_a_pause_and_the_help_are_switched_and_any_key_ends_the_help() -> None:
    controls = Controls()
    seen = []

    for key in ("p", "p", "?", "?", "h", "x"):
        controls.press(key, ROWS)
        seen.append((controls.paused, controls.helping))

    assert seen == [(True, False), (False, False), (False, True), (False, False), (False, True), (False, False)]

"""How to choose waits: its code does what the page says, and its pictures are of today's backoffs."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

import retold
from retold import Outcome, Policy
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing
from tests.test_hints_served import serving

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "choose-waits.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """What the page's code defines."""
    defined: dict[str, Any] = {"__name__": "choose_waits"}
    for part in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(part, defined)
    return defined


def test_its_backoffs_wait_as_it_says(page: dict[str, Any], clock: ManualClock) -> None:
    page["prescribed"].replace(clock=clock).run(Failing(OSError))
    assert clock.waits == [0.1, 1.0, 5.0, 5.0]

    clock.waits.clear()
    assert page["polling"].replace(clock=clock).call(Failing(*["running"] * 20, "done")) == "done"
    assert clock.waits == [2.0] * 20

    clock.waits.clear()
    page["starting"].replace(clock=clock).run(Failing(OSError))
    assert all(after < before for before, after in zip(clock.waits, clock.waits[1:], strict=False))
    assert 7.2 <= clock.waits[0] <= 8.0

    clock.waits.clear()
    page["by_number"].replace(clock=clock).run(Failing(OSError))
    assert clock.waits == [0.5, 2.0]

    clock.waits.clear()
    page["patient"].replace(clock=clock).run(Failing(OSError))
    assert all(0.5 <= wait <= 30 for wait in clock.waits)
    assert len(set(clock.waits)) == 7


def test_its_table_has_the_defaults_of_every_backoff() -> None:
    calls = re.findall(r"^\| `([A-Z]\w+\(.*?\))`", PAGE, re.MULTILINE)

    built = [eval(call, {name: getattr(retold, name) for name in retold.__all__}) for call in calls]

    assert [type(each) for each in built] == [
        retold.Exponential,
        retold.Equal,
        retold.Decorrelated,
        retold.Fibonacci,
        retold.Linear,
        retold.Constant,
    ]
    assert built[:5] == [type(each)() for each in built[:5]]


def test_its_fetch_follows_a_real_server(
    page: dict[str, Any], seen: MemoryExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    with serving(429, {"Retry-After": "0"}, {"retry-after-ms": "20"}) as url:
        assert page["fetch"](url) == b"paper"
    with serving(503, {"Retry-After": "3600"}) as url, pytest.raises(httpx.HTTPStatusError):
        page["fetch"](url)

    assert [retry.hint for retry in seen.retries] == [0.0, 0.02]
    assert [call.outcome for call in seen.calls] == [Outcome.SUCCESS, Outcome.HINT_REFUSED]


def test_its_own_advice_is_followed_up_to_the_cap(
    page: dict[str, Any], clock: ManualClock, seen: MemoryExporter
) -> None:
    busy = [page["Busy"]({"try_again_in": "1m30s"}), page["Busy"]({"try_again_in": "2h"})]

    page["calling"].replace(clock=clock, backoff=0).call(Failing(*busy, "answer"))

    assert clock.waits == [90.0, 300.0]
    assert [retry.hint for retry in seen.retries] == [90.0, 7200.0]


def test_its_conditions_hold_for_what_it_says(page: dict[str, Any], clock: ManualClock) -> None:
    storing: Policy[Any] = page["storing"].replace(clock=clock)
    reset, missing = page["StorageError"](), page["StorageError"]()
    reset.__cause__, missing.__cause__ = ConnectionResetError(), KeyError()
    both = ExceptionGroup("both", [ConnectionResetError(), KeyError()])

    def attempts(error: Exception) -> int:
        return storing.run(Failing(error)).attempts

    assert [attempts(error) for error in (OSError(), reset, ExceptionGroup("one", [ConnectionError()]))] == [4, 4, 4]
    assert [attempts(error) for error in (page["Rejected"](), missing, both)] == [1, 1, 1]


def test_its_function_has_the_last_word(page: dict[str, Any]) -> None:
    assert page["reserve"](["changed meanwhile", "seat 5"]) == "seat 5"

    with pytest.raises(LookupError, match="sold out"):
        page["reserve"](["sold out", "seat 5"])


def test_its_pictures_are_of_todays_backoffs() -> None:
    command = [sys.executable, "-m", "scripts.draw_backoffs", "--check"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stderr) == (0, "")
    for name in ("backoffs", "crowds"):
        assert f"../images/{name}.svg" in PAGE
        picture = ElementTree.parse(ROOT / "docs" / "images" / f"{name}.svg").getroot()
        texts = {element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")}
        assert {text for text in texts if text and text.startswith("Decorrelated(")}

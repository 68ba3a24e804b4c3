"""One script of a hundred thousand calls, in threads and tasks, nested and cancelled: every backend says the same."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import pytest

from retold import Outcome
from tests.laws.equations import GIVE_UPS, assert_laws
from tests.laws.queries import LAWS
from tests.readings import Numbers, sum_of
from tests.services.needs import need
from tests.subprocesses import run

pytestmark = pytest.mark.takes(seconds=80)

CALLS = 82_000
"""Beside those that are made inside of them: together more than a hundred thousand."""

FEW = 8_000

OPENTELEMETRY = ("opentelemetry", CALLS, "always")
MEMORY = ("memory", CALLS)
PROMETHEUS = ("prometheus", CALLS)
FEWER_SPANS = [("opentelemetry", FEW, "on_retry"), ("opentelemetry", FEW, "off")]
REPLAYS: list[tuple[Any, ...]] = [OPENTELEMETRY, MEMORY, PROMETHEUS, *FEWER_SPANS]

Said: TypeAlias = dict[str, Any]
Replayed: TypeAlias = Callable[..., Said]


def replay(backend: str, calls: int, *options: str) -> Said:
    """What a backend says after so many calls, in a process without coverage, which would take ten times as long."""
    script = f"""
    import json
    from tests.laws.replay import BACKENDS
    print(json.dumps(BACKENDS[{backend!r}]({calls}, *{options!r})))
    """
    said: Said = json.loads(run(script, untraced=True, env={"RETOLD_EXPORTERS": "none"}, timeout=300).out)
    return said


@pytest.fixture(scope="module")
def replayed() -> Iterator[Replayed]:
    """The replays of this module, all begun at once, since they take seconds."""
    with ThreadPoolExecutor(2) as pool:
        begun = {replay_of: pool.submit(replay, *replay_of) for replay_of in REPLAYS if which(replay_of[0])}
        yield lambda *replay_of: begun[replay_of].result()


def which(backend: str) -> bool:
    """Whether what a replay needs is installed."""
    return backend != "prometheus" or shutil.which("prometheus") is not None


def numbers_of(said: Said, name: str = "numbers") -> Numbers:
    return {tuple(key): value for *key, value in said[name]}


def without_limits(numbers: Numbers) -> Numbers:
    """The numbers but for what policies allow, which no call says."""
    return {key: value for key, value in numbers.items() if key[0] != "retold.policy.max_attempts"}


def calls_of(numbers: Numbers) -> Counter[tuple[str, ...]]:
    """Calls by operation, outcome and whether they were retried."""
    return Counter({key[1:]: int(value) for key, value in numbers.items() if key[0] == "retold.calls"})


def test_the_script_has_calls_of_every_kind(replayed: Replayed) -> None:
    said = replayed(*MEMORY)
    numbers, kinds = numbers_of(said), said["events"]

    outcomes = {key[1] for key in calls_of(numbers)}
    assert outcomes == {outcome.value for outcome in Outcome}
    assert {key[2] for key in numbers if key[0] == "retold.attempts"} == {"success", "error", "rejected", "cancelled"}
    assert sum_of(numbers, "retold.calls") == kinds["CallStarted"] == kinds["CallEnded"] >= 100_000
    assert sum_of(numbers, "retold.attempts") == kinds["AttemptStarted"] == kinds["AttemptEnded"]
    assert sum_of(numbers, "retold.fallbacks") > 0
    assert sum_of(numbers, "retold.nested_retries") > 100
    assert {key: value > 0 for key, value in numbers.items() if key[0].startswith("retold.budget.")} == {
        (f"retold.budget.{name}", budget): True
        for name in ("available", "capacity", "degraded", "denials")
        for budget in ("shop", "bank")
    }


def test_opentelemetry_has_the_numbers_of_the_calls(replayed: Replayed) -> None:
    said = replayed(*OPENTELEMETRY)
    numbers = numbers_of(said)

    assert without_limits(numbers) == numbers_of(replayed(*MEMORY))
    assert_laws(numbers)
    assert said["readings"] > 10


def test_prometheus_has_the_numbers_of_the_calls(replayed: Replayed) -> None:
    need("prometheus", "prometheus")
    said = replayed(*PROMETHEUS)
    numbers = numbers_of(said)

    assert without_limits(numbers) == numbers_of(replayed(*MEMORY))
    assert_laws(numbers)
    assert said["readings"] > 10


def test_a_real_prometheus_has_scraped_the_numbers_of_the_calls(replayed: Replayed) -> None:
    need("prometheus", "prometheus")
    said = replayed(*PROMETHEUS)

    assert numbers_of(said, "scraped") == numbers_of(said)
    assert said["laws"] == dict.fromkeys(LAWS, 0)


def test_every_call_that_gave_up_is_a_line_or_counted_as_suppressed(replayed: Replayed) -> None:
    need("prometheus", "prometheus")
    said = replayed(*PROMETHEUS)

    assert said["lines"] == sum_of(numbers_of(said), "retold.give_ups") > 0
    assert said["warnings"] > 0


def test_the_spans_are_the_calls_and_the_attempts(replayed: Replayed) -> None:
    said = replayed(*OPENTELEMETRY)
    numbers = numbers_of(replayed(*MEMORY))

    status = {outcome.value: "ERROR" for outcome in Outcome} | {"success": "UNSET", "cancelled": "UNSET"}
    assert numbers_of(said, "calls") == {(*key, status[key[1]]): value for key, value in calls_of(numbers).items()}
    attempts = sum_of(numbers, "retold.attempts")
    assert sum(numbers_of(said, "attempts").values()) == attempts - said["dropped"]
    assert said["below"] == said["expected below"] == attempts - said["dropped"]
    assert said["misplaced"] == 0
    assert said["dropped"] > 0
    assert said["started"] == sum_of(numbers, "retold.calls") + said["below"]


@pytest.mark.parametrize("replay_of", FEWER_SPANS, ids=lambda replay_of: replay_of[-1])
def test_with_fewer_spans_they_are_those_that_the_mode_promises(replayed: Replayed, replay_of: tuple[Any, ...]) -> None:
    said, off = replayed(*replay_of), replay_of[-1] == "off"
    numbers = numbers_of(said)

    spans = Counter({key[:3]: int(value) for key, value in numbers_of(said, "calls").items()})
    calls = calls_of(numbers)
    at_once = {key: count for key, count in calls.items() if key[1:] == ("success", "false")}
    assert_laws(numbers)
    assert spans == (calls if off else calls - Counter(at_once))
    assert said["started"] == spans.total() + said["below"]
    told = sum_of(numbers, "retold.attempts") - sum(at_once.values()) - said["dropped"]
    assert said["below"] == (0 if off else told)


def test_the_give_ups_of_the_script_are_of_all_kinds_there_are(replayed: Replayed) -> None:
    numbers = numbers_of(replayed(*MEMORY))

    assert {key[2] for key in numbers if key[0] == "retold.give_ups"} == set(GIVE_UPS)

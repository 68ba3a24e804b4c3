"""What Retold's own design adds: statements 56 to 62."""

import contextlib
import copy
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Exponential, Outcome, Policy, PolicyError
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk, parent_id, span_id
from tests.forms import Failing, Form, drive
from tests.journal.test_fork import in_child
from tests.looping import Library
from tests.readings import scraped_from, without_limits
from tests.runners.stepping import Attempts, Begin

POLICY: Any = Policy(on=OSError, clock=ManualClock(), generator="restart")  # given what type checkers would refuse


@pytest.fixture(params=[iter, aiter], ids=["for", "async-for"])
def begin(request: pytest.FixtureRequest) -> Begin:
    """Both kinds of loop."""
    return lambda policy: Attempts(request.param(policy))


def fetch(url: str) -> None: ...


async def afetch(url: str) -> None: ...


def fetch_pages(url: str) -> Iterator[str]:
    yield url


class Shop:
    def charge(self, amount: int) -> None: ...

    pay = POLICY(charge)


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (POLICY(fetch), "fetch"),
        (lambda *given, **named: POLICY.call(fetch, *given, **named), "fetch"),
        (lambda *given, **named: drive(POLICY(afetch)(*given, **named)), "afetch"),
        (lambda *given, **named: drive(POLICY.acall(afetch, *given, **named)), "afetch"),
        (lambda *given, **named: next(POLICY(fetch_pages)(*given, **named)), "fetch_pages"),
        (lambda *given, **named: Shop().pay(*given, **named), r"(Shop\.)?charge"),
    ],
)
@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, 2, 3), {}), ((), {"number": 1})])
def test_56_arguments_that_do_not_fit_fail_by_the_function_s_name(
    use: Callable[..., Any], name: str, given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    with pytest.raises(TypeError, match=rf"{name}\(\) "):
        use(*given, **named)


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({"attempt_timeout": 5, "timeout": 3}, ["attempt_timeout=5.0", "timeout=3.0"]),
        ({"hint_cap": 30}, ["hint_cap=30.0", "hint is None"]),
        ({"attempts": None}, ["attempts=None", "timeout or a stop, which are None"]),
    ],
)
def test_57_options_that_contradict_each_other_are_refused_by_both_values(
    options: dict[str, Any], values: list[str]
) -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(on=OSError, **options)

    assert [value for value in values if value not in str(raised.value)] == []


STRICT: list[dict[str, Any]] = [
    {},
    {"attempts": None, "timeout": 3},
    {"attempts": None, "stop": threading.Event()},
    {"attempts": 9, "backoff": [1, 2], "hint": lambda _: 1, "hint_cap": 2, "timeout": 3},
]


@pytest.mark.parametrize("options", STRICT)
def test_57_one_attempt_is_always_possible(options: dict[str, Any], form: Form, clock: ManualClock) -> None:
    work = Failing(OSError)

    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, **options, clock=clock).replace(attempts=1), work)

    assert work.runs == 1


@pytest.mark.parametrize("options", [*STRICT, {"attempts": None, "timeout": 3, "attempt_timeout": 3}])
def test_57_also_one_that_is_limited(options: dict[str, Any], limiting: Form, library: Library) -> None:
    given: dict[str, Any] = {"on": OSError, "attempt_timeout": 2}
    policy = Policy(**given | options).replace(attempts=1)
    began: list[float] = []

    async def work() -> None:
        began.append(library.now())
        await library.sleep(9)

    with pytest.raises(TimeoutError):
        library.run(lambda: limiting.awaiting(policy, work))

    assert len(began) == 1


def test_58_functions_of_one_operation_share_its_series(clock: ManualClock) -> None:
    registry = CollectorRegistry()
    policy: Any = Policy(on=OSError, operation="shop.fetch", clock=clock)

    async def work() -> str:
        return "page"

    get, aget = policy(Failing(OSError, "page")), policy(work)
    with retold.configure(exporters=[Prometheus(registry)]):
        get()
        drive(aget())
        drive(aget())
        numbers = without_limits(scraped_from(registry))

    assert {key: value for key, value in numbers.items() if key[0] in ("retold.calls", "retold.attempts")} == {
        ("retold.calls", "shop.fetch", "success", "true"): 1,
        ("retold.calls", "shop.fetch", "success", "false"): 2,
        ("retold.attempts", "shop.fetch", "error"): 1,
        ("retold.attempts", "shop.fetch", "success"): 3,
    }


def test_58_a_function_that_is_decorated_twice_is_seen_as_nested(clock: ManualClock) -> None:
    sdk = Sdk()
    policy = Policy(on=OSError, operation="shop.fetch", clock=clock)

    with retold.configure(exporters=[sdk.exporter()]):
        policy(policy(lambda: "page"))()
    sdk.close()

    outer, attempt, inner, innermost = sdk.spans
    assert [span.name for span in sdk.spans] == ["shop.fetch", "attempt shop.fetch"] * 2
    assert [parent_id(span) for span in (attempt, inner, innermost)] == [
        span_id(span) for span in (outer, attempt, inner)
    ]


def calls(registry: CollectorRegistry) -> dict[str, float]:
    return {" ".join(key): value for key, value in scraped_from(registry).items() if key[0] == "retold.calls"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_60_a_forked_child_starts_from_zero_with_locks_that_work() -> None:
    """As workers that are forked while other threads call and the registry is collected."""
    registry, stop = CollectorRegistry(), threading.Event()
    policy = Policy(on=OSError, backoff=0, operation="shop.fetch")

    def hammer() -> None:
        while not stop.is_set():
            policy.call(Failing(OSError, "page"))
            registry.collect()

    def work() -> list[dict[str, float]]:
        at_birth = calls(registry)
        for _ in range(3):
            policy.call(Failing(OSError, "page"))
        return [at_birth, calls(registry)]

    with retold.configure(exporters=[Prometheus(registry), "logging"]):
        threads = [threading.Thread(target=hammer) for _ in range(4)]
        for thread in threads:
            thread.start()
        children = [in_child(work) for _ in range(10)]
        stop.set()
        for thread in threads:
            thread.join()
        mine = calls(registry)

    assert children == [[{}, {"retold.calls shop.fetch success true": 3}]] * 10
    assert list(mine) == ["retold.calls shop.fetch success true"]


def is_bad(result: object) -> bool:
    return result == "bad"


def advice(failure: object) -> float:
    return 1.0


FULL: dict[str, Any] = {
    "on": (OSError, ValueError),
    "on_result": is_bad,
    "attempts": 5,
    "timeout": 20,
    "attempt_timeout": 2,
    "stop": is_bad,
    "backoff": Exponential(0.5),
    "hint": advice,
    "hint_cap": 30,
    "over_cap": "cap",
    "generator": "open",
    "on_retry": advice,
    "on_give_up": advice,
    "on_success": advice,
    "operation": "shop.pay",
}


@pytest.mark.parametrize("options", [FULL, {"on": OSError}, {"on": OSError, "fallback": None}])
def test_61_a_policy_can_be_pickled_copied_and_compared(options: dict[str, Any]) -> None:
    policy = Policy(**options)
    with_own = Policy(**options, clock=ManualClock(), rng=Random(1))

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(with_own, protocol)) == policy
    assert copy.copy(with_own) == copy.deepcopy(with_own) == with_own != policy
    assert hash(Policy(**options)) == hash(policy)
    assert policy.replace(attempts=2) != policy


def test_61_its_repr_is_one_line_that_says_all_but_secrets() -> None:
    told = repr(Policy(**FULL, fallback=lambda error: "c4n4ry"))

    assert "\n" not in told
    assert [name for name in FULL if f"{name}=" not in told] == []
    assert "fallback=..." in told
    assert repr(Policy(on=OSError)) == "Policy(on=OSError)"


class Suppressing:
    """A context manager of the user's that swallows what it is given."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: object, traceback: object) -> bool:
        return True


@contextlib.contextmanager
def swallowing() -> Iterator[None]:
    """The same as a generator."""
    with contextlib.suppress(OSError):
        yield


@pytest.mark.parametrize("inner", [Suppressing, swallowing, lambda: contextlib.suppress(OSError)])
def test_62_what_is_suppressed_inside_of_the_with_is_a_success(
    inner: Callable[[], Any], begin: Begin, clock: ManualClock, seen: MemoryExporter
) -> None:
    attempts = begin(Policy(on=OSError, clock=clock))

    with attempts.offered(), inner():
        raise OSError

    assert attempts.next() is None
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.SUCCESS, 1)


@pytest.mark.parametrize("outer", [Suppressing, swallowing, lambda: contextlib.suppress(OSError)])
def test_62_what_is_suppressed_outside_of_it_is_retried_first(
    outer: Callable[[], Any], begin: Begin, clock: ManualClock, seen: MemoryExporter
) -> None:
    attempts = begin(Policy(on=OSError, attempts=2, clock=clock))

    for _ in range(2):
        with outer(), attempts.offered():
            raise OSError

    assert attempts.next() is None
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.ATTEMPTS_EXHAUSTED, 2)


def test_62_a_context_manager_around_the_block_sees_only_what_the_call_raises(
    begin: Begin, clock: ManualClock, seen: MemoryExporter
) -> None:
    entered: list[int] = []

    @contextlib.contextmanager
    def connected(attempts: Attempts) -> Iterator[None]:
        with attempts.offered() as attempt:
            entered.append(attempt.number)
            yield

    attempts = begin(Policy(on=OSError, attempts=3, clock=clock))
    with connected(attempts):
        raise OSError
    with connected(attempts):
        pass

    assert entered == [1, 2]
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.SUCCESS, 2)

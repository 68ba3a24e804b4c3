"""What Retold's own design adds: statements 56 to 58."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Policy, PolicyError
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, parent_id, span_id
from tests.forms import Failing, Form, drive
from tests.looping import Library
from tests.readings import scraped_from, without_limits

POLICY: Any = Policy(on=OSError, clock=ManualClock(), generator="restart")  # given what type checkers would refuse


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

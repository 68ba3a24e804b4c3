"""A policy is an immutable value that decorates, is iterated and calls."""

import copy
import pickle
from random import Random
from typing import Any

import pytest

import retold
from retold import Constant, Exponential, Policy, PolicyError
from retold.journal import JOURNAL
from retold.telemetry import MAX_ATTEMPTS
from retold.testing import ManualClock, MemoryExporter
from tests.forms import FORMS, Failing, Form


def is_bad(result: object) -> bool:
    return result == "bad"


def advice(failure: object) -> float:
    return 1.0


FULL: dict[str, Any] = {
    "on": (OSError, ValueError),
    "on_result": is_bad,
    "attempts": 5,
    "timeout": 20,
    "backoff": [1, 2],
    "hint": advice,
    "hint_cap": 30,
    "over_cap": "cap",
    "operation": "shop.pay",
}


def test_retry_is_a_policy_by_another_name() -> None:
    assert retold.retry(on=OSError) == Policy(on=OSError)


def test_a_decorator_is_a_policy_in_one_line(clock: ManualClock, seen: MemoryExporter) -> None:
    work = Failing(OSError, "value")

    @retold.retry(on=OSError, clock=clock)
    def read() -> object:
        """The docstring."""
        return work()

    assert read() == "value"
    assert seen.last.attempts == 2


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"on": OSError, "attempts": 0},
        {"on": OSError, "backoff": iter([1])},
        {"on": OSError, "timeout": -1},
        {"on": OSError, "attempts": None},
        {"on": OSError, "hint_cap": 5},
    ],
)
def test_a_wrong_option_is_refused_when_the_policy_is_built(options: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        Policy(**options)


def test_replace_keeps_every_other_option() -> None:
    policy = Policy(**FULL)
    fewer: dict[str, Any] = FULL | {"attempts": 2}

    assert policy.replace() == policy
    assert policy.replace(attempts=2) == Policy(**fewer)
    assert policy.replace(attempts=2).replace(attempts=5) == policy


@pytest.mark.parametrize("options", [FULL, {"on": OSError, "attempts": None, "timeout": 1}, {"on": OSError}])
def test_replacing_attempts_by_one_always_works(options: dict[str, Any], clock: ManualClock) -> None:
    work = Failing(OSError)

    with pytest.raises(OSError):
        Policy(**options).replace(attempts=1, clock=clock).call(work)

    assert work.runs == 1


def test_replace_refuses_a_wrong_combination() -> None:
    with pytest.raises(PolicyError, match="needs a timeout"):
        Policy(on=OSError).replace(attempts=None)


def test_an_option_that_there_is_not_is_named() -> None:
    policy: Any = Policy(on=OSError)

    with pytest.raises(TypeError, match="a policy has no option 'attempt'"):
        policy.replace(attempt=2)


def test_a_decorator_without_its_options_says_how_to_give_them() -> None:
    bare: Any = retold.retry

    with pytest.raises(TypeError, match=r"by name, as in @retold\.retry\(on=ConnectionError\), not <function"):
        bare(test_an_option_that_there_is_not_is_named)

    with pytest.raises(TypeError, match=r"by name, .* not <class 'OSError'>"):
        bare(OSError)


def test_replace_keeps_the_fallback_and_the_class(clock: ManualClock) -> None:
    class Own(Policy[Any]):
        __slots__ = ()

    policy = Own(on=OSError, fallback=lambda error: "instead", clock=clock).replace(attempts=1)

    assert isinstance(policy, Own)
    assert policy.call(Failing(OSError)) == "instead"


def test_a_policy_never_changes() -> None:
    policy: Any = Policy(on=OSError)

    with pytest.raises(AttributeError, match=r"a policy never changes: write policy\.replace\(attempts=\.\.\.\)"):
        policy.attempts = 5
    with pytest.raises(AttributeError, match=r"^a policy never changes$"):
        del policy._rules


def test_policies_with_the_same_options_are_equal() -> None:
    assert Policy(**FULL) == Policy(**FULL)
    assert hash(Policy(**FULL)) == hash(Policy(**FULL))
    assert hash(Policy(**FULL)) != hash(Policy(on=OSError))
    assert Policy(on=OSError, backoff=1) == Policy(on=OSError, backoff=Constant(1))
    assert Policy(on=OSError) != Policy(on=OSError, attempts=4)
    assert Policy(on=OSError) != "a policy"


def test_no_fallback_is_not_the_fallback_none() -> None:
    assert Policy(on=OSError) != Policy(on=OSError, fallback=None)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_policy_survives_pickling_without_its_clock_and_chance(protocol: int) -> None:
    policy = Policy(**FULL, fallback=None, clock=ManualClock(), rng=Random(1))

    twin = pickle.loads(pickle.dumps(policy, protocol))

    assert twin == Policy(**FULL, fallback=None)


def test_an_unpickled_policy_makes_its_operation_known() -> None:
    pickled = pickle.dumps(Policy(on=OSError, attempts=7, operation="shop.pay"))
    JOURNAL.forget()

    pickle.loads(pickled)

    assert JOURNAL.collect()[MAX_ATTEMPTS] == {("shop.pay",): 7}


def test_a_copy_of_a_policy_is_itself() -> None:
    policy = Policy(on=OSError, rng=Random(1))

    assert copy.copy(policy) is policy
    assert copy.deepcopy({"policy": policy})["policy"] is policy


def test_its_repr_says_all_of_it_in_one_line() -> None:
    assert repr(Policy(**FULL)) == (
        "Policy(on=(OSError, ValueError), on_result=is_bad, attempts=5, timeout=20.0,"
        " backoff=[1.0, 2.0], hint=advice, hint_cap=30.0, over_cap='cap', operation='shop.pay')"
    )


def test_its_repr_leaves_out_what_is_the_default() -> None:
    assert repr(Policy(on=OSError)) == "Policy(on=OSError)"
    assert repr(Policy(on=OSError, attempts=None, timeout=0)) == "Policy(on=OSError, attempts=None, timeout=0.0)"
    assert repr(Policy(on=OSError, backoff=Exponential(1))) == (
        "Policy(on=OSError, backoff=Exponential(initial=1.0, factor=2.0, cap=10.0))"
    )


def test_its_repr_names_functions() -> None:
    assert repr(Policy(on=is_bad, backoff=advice)) == "Policy(on=is_bad, backoff=advice)"


def test_its_repr_tells_no_fallback() -> None:
    class Secret:
        def __call__(self, error: Exception) -> str:
            raise AssertionError

        def __repr__(self) -> str:
            return "a secret"

    assert repr(Policy(on=OSError, fallback=Secret())) == "Policy(on=OSError, fallback=...)"
    assert repr(Policy(on=OSError, fallback=None)) == "Policy(on=OSError, fallback=...)"


def test_one_policy_serves_every_form_in_turn(clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, attempts=2, operation="all", clock=clock)

    for each in FORMS:
        assert each.perform(policy, Failing(OSError, "value")) == "value"

    assert [call.attempts for call in seen.calls] == [2] * len(FORMS)


@pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")
def test_a_policy_within_a_policy_keeps_its_own_count(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    inner = Policy(on=OSError, attempts=4, operation="inner", clock=clock)
    outer = Policy(on=OSError, attempts=3, operation="outer", clock=clock)
    work = Failing(OSError)

    with pytest.raises(OSError) as caught:
        form.perform(outer, lambda: form.perform(inner, work))

    assert work.runs == 12
    assert [(call.operation, call.attempts) for call in seen.calls] == [("inner", 4)] * 3 + [("outer", 3)]
    assert [note.split(":")[1] for note in caught.value.__notes__] == [" inner", " outer"]

"""What a budget is made of, and that it is asked last."""

import copy
import math
import pickle
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from retold import Abort, Budget, Decorrelated, Outcome, Policy, PolicyError
from retold.core.decision import Ending, Failure, Rejected, Step, decider
from retold.core.rules import Rules
from retold.testing import ManualClock


def spent(**options: Any) -> Budget:
    """A budget without a retry."""
    budget = Budget("shop", **{"capacity": 1, **options})
    assert budget.bucket.spend(lambda: 0.0)
    return budget


@pytest.mark.parametrize("option", ["ratio", "min_per_second", "capacity"])
@pytest.mark.parametrize("value", [-1, -0.001, math.nan, math.inf, True, None, "1"], ids=repr)
def test_an_option_that_is_no_number_is_refused(option: str, value: object) -> None:
    with pytest.raises(PolicyError, match=rf"^{option} must be a finite number of [01] or more, not {value!r}$"):
        Budget("shop", **{option: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_name_is_a_name(name: Any) -> None:
    with pytest.raises(PolicyError, match=rf"^a budget's name must be text, at least one character, not {name!r}$"):
        Budget(name)


def test_a_name_is_cleaned_as_those_of_operations_are() -> None:
    assert Budget("my shop!").name == "my_shop_"


def test_a_bucket_without_room_for_one_retry_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"^capacity must be a finite number of 1 or more, not 0\.5$"):
        Budget("shop", capacity=0.5)


def test_a_budget_that_nothing_fills_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"^ratio and min_per_second must not both be 0"):
        Budget("shop", ratio=0, min_per_second=0)


def test_fractions_are_numbers_too() -> None:
    budget = Budget("shop", ratio=Fraction(1, 4), capacity=2)  # type: ignore[arg-type]

    assert (budget.ratio, budget.capacity, budget.available) == (0.25, 2.0, 2.0)


@pytest.mark.parametrize("value", ["shop", 3, Budget], ids=repr)
def test_a_policy_takes_a_budget_and_nothing_else(value: Any) -> None:
    with pytest.raises(PolicyError, match=r"^budget must be a Budget, as in budget=retold\.Budget\('shop'\), not "):
        Policy(on=OSError, budget=value)


def test_options_never_change() -> None:
    with pytest.raises(AttributeError):
        Budget("shop").ratio = 1  # type: ignore[misc]


def test_its_repr_is_how_it_is_written() -> None:
    budget = Budget("shop", ratio=0.5)

    assert repr(budget) == "Budget(name='shop', ratio=0.5, min_per_second=1.0, capacity=100.0)"
    assert f"budget={budget!r}" in repr(Policy(on=OSError, budget=budget))


def test_budgets_are_equal_by_their_options_and_each_has_its_own_retries() -> None:
    one, other = spent(), Budget("shop", capacity=1)

    assert one == other
    assert hash(one) == hash(other)
    assert (one.available, other.available) == (0, 1)
    assert Policy(on=OSError, budget=one) == Policy(on=OSError, budget=other)
    assert Policy(on=OSError, budget=one) != Policy(on=OSError)


def test_a_copy_is_the_same_budget() -> None:
    budget = Budget("shop")

    assert copy.copy(budget) is budget
    assert copy.deepcopy({"budget": budget})["budget"] is budget


def test_in_its_process_it_is_unpickled_as_itself() -> None:
    budget = spent()
    policy = Policy(on=OSError, budget=budget)

    restored = pickle.loads(pickle.dumps(policy))

    assert restored == policy
    assert restored._rules.budget is budget


def test_in_its_process_it_is_not_mistaken_for_another_with_the_same_options() -> None:
    one, other = Budget("shop"), Budget("shop")

    assert pickle.loads(pickle.dumps([one, other, one]))[0] is one
    assert [pickle.loads(pickle.dumps(each)) is each for each in (one, other)] == [True, True]


def test_elsewhere_it_is_unpickled_as_the_one_with_its_options() -> None:
    elsewhere = spent(capacity=7)
    pickled = pickle.dumps(elsewhere)
    own = Budget("shop", capacity=7)
    assert own is not elsewhere
    del elsewhere

    assert pickle.loads(pickled) is own


def test_elsewhere_it_is_unpickled_full() -> None:
    options = {"ratio": 0.25, "min_per_second": 0.5, "capacity": 7}
    pickled = pickle.dumps(spent(**options))  # and forgotten

    restored = pickle.loads(pickled)

    assert restored == Budget("shop", **options)
    assert restored.available == 7


def test_calls_and_seconds_add_to_it_as_its_options_say(clock: ManualClock) -> None:
    budget = Budget("shop", ratio=0.25, min_per_second=0.5, capacity=2)
    while budget.bucket.spend(clock.now):
        pass

    budget.bucket.earn()
    assert budget.available == 0.25
    clock.advance(1)
    assert budget.available == 0.75
    clock.advance(100)
    assert budget.available == 2


def test_a_policy_without_it_can_be_derived() -> None:
    policy = Policy(on=OSError, budget=Budget("shop"))

    assert policy.replace(budget=None) == Policy(on=OSError)
    assert policy.replace(attempts=2) == Policy(on=OSError, budget=Budget("shop"), attempts=2)


def after(failure: Failure, budget: Budget, number: int = 1, **options: Any) -> Step:
    rules = Rules(**{"on": OSError, "budget": budget, "backoff": 2, **options})
    return decider(rules, lambda: 5.0, Random(0))(failure, number, 0.0, 0.0)


@pytest.mark.parametrize("failure", [OSError(), Rejected(7)], ids=["raised", "rejected"])
@pytest.mark.parametrize(
    ("hint", "ending"),
    [
        (None, Outcome.BUDGET_EXHAUSTED),
        (lambda failure: None, Outcome.BUDGET_EXHAUSTED),
        (lambda failure: 3, Ending(Outcome.BUDGET_EXHAUSTED, 3.0)),
    ],
)
def test_without_a_retry_left_the_call_gives_up(failure: Failure, hint: Any, ending: Outcome | Ending) -> None:
    assert after(failure, spent(), on_result=bool, hint=hint) == ending


def test_with_one_left_the_call_waits_as_it_would_without() -> None:
    budget = Budget("shop", capacity=1)

    assert after(OSError(), budget) == 2.0
    assert after(OSError(), budget) is Outcome.BUDGET_EXHAUSTED


def test_a_backoff_that_grows_from_the_wait_before_is_told_of_it() -> None:
    options: dict[str, Any] = {"on": OSError, "backoff": Decorrelated(initial=1, cap=1000, factor=3)}
    without, within = (
        decider(Rules(**options, budget=budget), lambda: 5.0, Random(7))(OSError(), 1, 0.0, 40.0)
        for budget in (None, Budget("shop"))
    )

    assert within == without
    assert isinstance(within, float)
    assert within > 3  # the most after a wait of 1 second


FORBIDDEN: list[tuple[Failure, int, dict[str, Any], Outcome]] = [
    (KeyboardInterrupt(), 1, {}, Outcome.CANCELLED),
    (Abort(), 1, {}, Outcome.ABORTED),
    (ValueError(), 1, {}, Outcome.NOT_RETRYABLE),
    (OSError(), 3, {}, Outcome.ATTEMPTS_EXHAUSTED),
    (OSError(), 1, {"hint": lambda failure: 3600}, Outcome.HINT_REFUSED),
    (OSError(), 1, {"timeout": 6}, Outcome.DEADLINE_EXCEEDED),
    (OSError(), 1, {"stop": lambda: True}, Outcome.ABORTED),
]


@pytest.mark.parametrize(("failure", "number", "options", "outcome"), FORBIDDEN)
def test_what_something_else_forbids_neither_spends_nor_is_put_down_to_the_budget(
    failure: Failure, number: int, options: dict[str, Any], outcome: Outcome
) -> None:
    for budget, left in ((Budget("shop", capacity=1), 1), (spent(), 0)):
        step = after(failure, budget, number, **options)

        assert (step.outcome if isinstance(step, Ending) else step) is outcome
        assert budget.available == left


def test_a_stop_that_is_not_set_lets_the_budget_decide() -> None:
    assert after(OSError(), spent(), stop=lambda: False) is Outcome.BUDGET_EXHAUSTED

"""The guide to budgets: its code does what it says."""

import re
from typing import Any

import retold
from tests.test_docs import ROOT, python_in

PARTS = python_in("docs/how-to/share-a-budget.md")
TEXT = (ROOT / "docs/how-to/share-a-budget.md").read_text(encoding="utf-8")


def run_part(number: int) -> dict[str, Any]:
    example: dict[str, Any] = {"__name__": "example"}
    exec(PARTS[number], example)
    return example


def test_policies_share_what_there_is() -> None:
    example = run_part(0)

    policies = example["fetch_policy"], example["order_policy"]
    assert [policy._rules.budget for policy in policies] == [example["shop_budget"]] * 2


def test_the_defaults_are_those_of_the_table() -> None:
    budget = retold.Budget("shop")

    said = dict(re.findall(r"^\| `(\w+)` \|.*\| ([\d.]+) \|$", TEXT, re.MULTILINE))
    assert {name: float(number) for name, number in said.items()} == {
        name: getattr(budget, name) for name in ("ratio", "min_per_second", "capacity")
    }


def test_the_first_call_takes_all_and_the_fifth_adds_up_to_another() -> None:
    assert run_part(1)["pay_often"]() == [
        "attempts_exhausted after 3",
        "budget_exhausted after 1",
        "budget_exhausted after 1",
        "budget_exhausted after 1",
        "budget_exhausted after 1",
        "budget_exhausted after 2",
    ]

"""In whatever both can be asked to do, Retold does what tenacity, stamina and nopanic do.

The function runs as often, the waits are the same to the last bit, jitter included, and what is returned or raised is
the same object. What differs on purpose is in the other files.
"""

import pytest
from hypothesis import given, settings

from tests.differential.libraries import Retold, end_of
from tests.differential.peers import Nopanic, Stamina, Tenacity
from tests.differential.plans import Fixed, Growing, Plan, plans

OURS = Retold()
EXAMPLES = settings(max_examples=100)

both = pytest.mark.parametrize("awaiting", [False, True], ids=["sync", "async"])


@both
@EXAMPLES
@given(plan=plans())
def test_calls_go_as_in_tenacity(plan: Plan, awaiting: bool) -> None:
    assert end_of(OURS, plan, awaiting=awaiting) == end_of(Tenacity(), plan, awaiting=awaiting)


@both
@EXAMPLES
@given(plan=plans(waits=(Fixed, Growing), judges=False, unlimited=False, deadlines=()))
def test_calls_go_as_in_stamina(plan: Plan, awaiting: bool) -> None:
    assert end_of(OURS, plan, awaiting=awaiting) == end_of(Stamina(), plan, awaiting=awaiting)


# No wait ends at these instants: there the two differ.
BETWEEN = (0.1875, 0.5625, 1.0625, 2.3125)


@both
@EXAMPLES
@given(plan=plans(forms=("decorator", "call"), unlimited=False, deadlines=BETWEEN))
def test_calls_go_as_in_nopanic(plan: Plan, awaiting: bool) -> None:
    assert end_of(OURS, plan, awaiting=awaiting) == end_of(Nopanic(), plan, awaiting=awaiting)

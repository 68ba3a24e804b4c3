"""Spans tell how many calls are around theirs."""

import asyncio
from typing import Any

import pytest

import retold
from retold import Policy
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk
from tests.forms import ASYNC_FORMS, Failing, Form


def policy(operation: str, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"attempts": 2, "backoff": 0, "clock": ManualClock(), **options}
    return Policy(on=OSError, **given, operation=operation)


def depths(sdk: Sdk) -> list[tuple[str, object]]:
    """By call, in the order of their beginnings."""
    return [(span.name, (span.attributes or {}).get("retold.call.depth")) for span in sdk.calls()]


def test_a_span_tells_how_many_calls_are_around(sdk: Sdk, form: Form) -> None:
    def order() -> None:
        policy("pay").call(lambda: form.perform(policy("charge"), Failing("paid")))

    form.perform(policy("order"), order)
    form.perform(policy("ship"), Failing("sent"))

    assert depths(sdk) == [("order", None), ("pay", 1), ("charge", 2), ("ship", None)]


@pytest.mark.parametrize("spans", ["always", "off"])
@pytest.mark.parametrize("outer", ASYNC_FORMS, ids=str)
async def test_a_span_in_another_task_tells_it_too(outer: Form, spans: str) -> None:
    sdk = Sdk()

    async def paid() -> None:
        await asyncio.sleep(0)

    async def order() -> None:
        await asyncio.gather(policy("pay").acall(paid), policy("pay").acall(paid))

    with retold.configure(exporters=[sdk.exporter(attempt_spans=spans)]):
        await outer.awaiting(policy("order"), order)

    assert depths(sdk) == [("order", None), ("pay", 1), ("pay", 1)]
    sdk.close()


@pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")
def test_spans_that_are_made_on_a_retry_find_it_on_the_stack(form: Form) -> None:
    sdk = Sdk()

    with retold.configure(exporters=[sdk.exporter(attempt_spans="on_retry")]):
        form.perform(policy("order"), lambda: form.perform(policy("pay"), Failing(OSError, "paid")))

    assert depths(sdk) == [("pay", 1)]
    sdk.close()


def test_a_generator_s_block_is_around_as_its_span_is(sdk: Sdk) -> None:
    def pages() -> Any:
        for attempt in policy("order"):
            with attempt:
                policy("page").call(Failing("page"))
                yield attempt.number

    list(pages())

    assert depths(sdk) == [("order", None), ("page", 1)]

"""What people at a terminal are told."""

import contextlib
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest

import retold
from retold import Policy
from retold.exporters.console import Console
from retold.testing import ManualClock
from tests.forms import Failing, Form


def policy(clock: ManualClock, attempts: int = 3) -> Policy[None]:
    return Policy(
        on=OSError, attempts=attempts, backoff=2, operation="shop.fetch", clock=clock, on_result=lambda page: page == ""
    )


def told(form: Form, policy: Policy[None], work: Failing) -> list[str]:
    """The lines of one call, without their times of day."""
    stream = io.StringIO()
    with retold.configure(exporters=[Console(stream)]):
        with contextlib.suppress(OSError):
            form.perform(policy, work)
    lines = stream.getvalue().splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d shop\.fetch: ", line) for line in lines)
    return [line.partition("shop.fetch: ")[2] for line in lines]


def test_a_call_that_succeeds_at_once_says_nothing(form: Form, clock: ManualClock) -> None:
    assert told(form, policy(clock), Failing("page")) == []


def test_retries_and_recovery_are_told(form: Form, clock: ManualClock) -> None:
    assert told(form, policy(clock), Failing(OSError, "", "page")) == [
        "attempt 1 failed (OSError), the next in 2 s (by backoff)",
        "attempt 2 was rejected, the next in 2 s (by backoff)",
        "succeeded after 3 attempts in 4 s",
    ]


def test_what_a_server_asked_for_is_told(form: Form, clock: ManualClock) -> None:
    advice: Iterator[Any] = iter([3600, "soon"])
    advised = policy(clock).replace(hint=lambda _: next(advice), over_cap="ignore")

    assert told(form, advised, Failing(OSError, OSError, "page")) == [
        "attempt 1 failed (OSError), the next in 2 s (by backoff, asked for 3600 s)",
        "attempt 2 failed (OSError), the next in 2 s (by backoff, hint unusable)",
        "succeeded after 3 attempts in 4 s",
    ]


def test_what_a_server_asked_for_in_vain_is_told(form: Form, clock: ManualClock) -> None:
    assert told(form, policy(clock).replace(hint=lambda _: 3600), Failing(OSError)) == [
        "ended as hint_refused (OSError), asked for 3600 s, after 1 attempt in 0 s"
    ]


def test_giving_up_is_told(form: Form, clock: ManualClock) -> None:
    assert told(form, policy(clock, attempts=1), Failing(OSError)) == [
        "ended as attempts_exhausted (OSError) after 1 attempt in 0 s"
    ]


def test_a_fallback_is_told(function_form: Form, clock: ManualClock) -> None:
    with_fallback = Policy(on=OSError, attempts=1, operation="shop.fetch", clock=clock, fallback=None)

    assert told(function_form, with_fallback, Failing(OSError)) == [
        "ended as attempts_exhausted (OSError), a fallback was served, after 1 attempt in 0 s"
    ]


def test_a_cancelled_call_is_told(form: Form, clock: ManualClock) -> None:
    stream = io.StringIO()

    with retold.configure(exporters=[Console(stream)]), pytest.raises(KeyboardInterrupt):
        form.perform(policy(clock), Failing(KeyboardInterrupt()))

    assert stream.getvalue().endswith(" shop.fetch: ended as cancelled after 1 attempt in 0 s\n")


def test_the_lines_go_to_standard_error_and_never_have_a_message(
    capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    with retold.configure(exporters=["console"]):
        policy(clock, attempts=2).run(Failing(OSError("card 4111")))

    out, err = capsys.readouterr()
    assert (out, err.count("\n"), "4111" in err) == ("", 2, False)

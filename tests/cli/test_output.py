"""Standard output where there is none."""

import sys

import pytest

from retold.cli.output import close_output, is_terminal


def test_an_output_that_was_closed_before_the_start_is_no_terminal_and_needs_no_closing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    close_output()

    assert not is_terminal()

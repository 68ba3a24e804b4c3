"""The choices of all worlds: every answer that there is comes, and only as a failure if it is one."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pytest

from retold.cli.demo.worlds.choices import Choices
from retold.cli.demo.worlds.http import answers as http
from retold.cli.demo.worlds.llm import answers as llm
from retold.cli.demo.worlds.printer import answers as printer


@pytest.mark.parametrize(
    ("choices", "answers", "by_chance"),
    [
        (http.choices, http.Answer, set(http.Answer)),
        # Its limits are no matter of chance.
        (llm.choices, llm.Answer, set(llm.Answer) - {llm.Answer.RATE_LIMITED}),
        (printer.choices, printer.Answer, set(printer.Answer)),
    ],
    ids=["http", "llm", "printer"],
)
def test_every_answer_comes_and_a_world_that_is_well_fails_never(
    choices: Callable[[int], Choices[Any]], answers: Any, by_chance: set[StrEnum]
) -> None:
    rough, calm = choices(7), choices(7)

    assert {rough.answer("papers", 0.5) for _ in range(1000)} == by_chance
    assert {rough.answer("papers", 1.0) for _ in range(1000)} == by_chance - {answers.OK}
    assert {calm.answer("papers", 0.0) for _ in range(1000)} == {answers.OK}

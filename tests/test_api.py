"""The reference of all public names: it is what the docstrings say, nothing is missing, and its examples hold."""

import doctest
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import retold
from retold import catalogue, hints, on, testing
from scripts.api import __main__ as api
from scripts.api.docstrings import prose
from scripts.api.sections import SECTIONS, Section


def test_the_page_is_what_the_docstrings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    committed = api.PAGE.read_text(encoding="utf-8")
    monkeypatch.setattr(api, "ROOT", tmp_path)
    monkeypatch.setattr(api, "PAGE", tmp_path / "api.md")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["api", *arguments])
        status, (out, err) = api.main(), capsys.readouterr()
        return status, out, err

    assert run("--check") == (1, "", "api.md is not what the code says: run python -m scripts.api\n")
    assert run() == (0, "wrote api.md\n", "")
    assert run("--check") == (0, "", "")
    assert api.PAGE.read_text(encoding="utf-8").splitlines() == committed.splitlines()


def test_every_public_name_is_on_it() -> None:
    names = {
        *(f"retold.{name}" for name in retold.__all__ if name not in ("hints", "on")),
        *(f"{module.__name__}.{name}" for module in (hints, on, testing) for name in module.__all__),
    }

    assert names <= api.public()


def test_so_is_every_exporter_that_has_a_name() -> None:
    described = {name.rpartition(".")[2].lower() for name in api.public()}

    assert {name for name in catalogue.BUILT_IN if name not in described} == {"memory"}  # among what is for tests


@pytest.mark.parametrize("section", [each for each in SECTIONS if each.example], ids=lambda each: each.title)
def test_its_examples_hold(section: Section) -> None:
    example = doctest.DocTestParser().get_doctest(dedent(section.example), {}, section.title, None, None)
    written: list[str] = []

    results = doctest.DocTestRunner(verbose=False).run(example, out=written.append)

    assert written == []
    assert results.attempted == len(example.examples) > 0


def test_a_docstring_becomes_lists_and_code() -> None:
    def described() -> None:
        """What it does.

            example()

        More, with
          a line that goes on.

        Args:
            first, second: Two of them, which
                take two lines.
            hidden: Ours alone,
                and long.

        After it.
        """

    assert prose(described, {"hidden"}) == [
        *("What it does.", "", "```", "example()", "```", ""),
        *("More, with", "a line that goes on.", ""),
        *("**Args**", "", "- `first`, `second`: Two of them, which", "  take two lines.", ""),
        "After it.",
    ]

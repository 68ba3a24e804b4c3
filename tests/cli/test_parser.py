"""The command line's parser: what it takes, and the one line that it says about the rest."""

import pytest

from retold.cli.parser import Parser, number, whole


def complaint(parser: Parser, argument: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        parser.parse_args([argument])
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    return err


@pytest.fixture
def parser() -> Parser:
    parser = Parser(prog="shop")
    parser.add_argument("--share", type=number("a share above 0, at most 1", above=0, most=1))
    parser.add_argument("--level", type=number("-5 or more", least=-5))
    parser.add_argument("--port", type=whole("a port from 1 to 9", least=1, most=9))
    return parser


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("1e-3", 0.001)])
def test_a_number_within_its_bounds_is_taken(parser: Parser, text: str, value: float) -> None:
    assert parser.parse_args([f"--share={text}"]).share == value


@pytest.mark.parametrize("text", ["0", "1.1", "-1", "nan", "inf", "-inf", "many", ""])
def test_any_other_number_is_named_beside_its_rule(
    parser: Parser, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = f"shop: argument --share: must be a share above 0, at most 1, not {text} (see shop --help)\n"
    assert complaint(parser, f"--share={text}", capsys) == told


def test_the_least_number_is_taken_and_less_is_not(parser: Parser, capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.parse_args(["--level=-5"]).level == -5
    assert "must be -5 or more, not -5.1" in complaint(parser, "--level=-5.1", capsys)


@pytest.mark.parametrize("text", ["1", "9"])
def test_a_whole_number_within_its_bounds_is_taken(parser: Parser, text: str) -> None:
    assert parser.parse_args([f"--port={text}"]).port == int(text)


@pytest.mark.parametrize("text", ["0", "10", "1.5", "http", ""])
def test_any_other_whole_number_is_named_beside_its_rule(
    parser: Parser, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"must be a port from 1 to 9, not {text} (see" in complaint(parser, f"--port={text}", capsys)


def test_an_unknown_option_is_one_line_too(parser: Parser, capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint(parser, "--colour", capsys) == "shop: unrecognized arguments: --colour (see shop --help)\n"

"""Every statement has its test."""

import ast
from pathlib import Path

STATEMENTS = set(range(1, 63))


def test_every_statement_is_proven() -> None:
    trees = [ast.parse(path.read_text()) for path in Path(__file__).parent.glob("test_*.py")]
    names = [
        node.name for tree in trees for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    tests = [name.removeprefix("test_") for name in names if name.startswith("test_")]

    assert {int(name[:2]) for name in tests if name[:2].isdigit()} == STATEMENTS

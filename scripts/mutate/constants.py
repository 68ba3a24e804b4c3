"""Mutants of what functions stand in, which mutmut leaves alone: constants, defaults of options, properties.

They are there before any test begins, so each is a copy of the code and a run of the tests of its own.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.mutate.mutant import Mutant

ROOT = Path(__file__).parents[2]


def mutants_in(path: Path, within: str) -> Iterator[tuple[Mutant, str]]:
    """Each mutant of a file whose place begins with `within`, and the whole file with it."""
    source = path.read_text(encoding="utf-8")
    module = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
    for place, node in _values(ast.parse(source), module):
        if not place.startswith(within):
            continue
        for changed in _changes(node):
            whole = _replaced(source, node, changed)
            lines = zip(source.splitlines(), whole.splitlines(), strict=True)
            before, after = next((old, new) for old, new in lines if old != new)
            yield Mutant(place, before.strip(), after.strip()), whole


def survivors(
    files: Sequence[Path], within: str, options: Sequence[str], tests: Sequence[str]
) -> tuple[int, list[Mutant]]:
    """How many mutants were tried, and which of them no test noticed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "src")
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        if not _passes(copy, options, tests):
            sys.exit("the tests fail without any mutant")
        tried, left = 0, list[Mutant]()
        for path in files:
            target = copy / path.relative_to(ROOT / "src")
            for mutant, source in mutants_in(path, within):
                target.write_text(source, encoding="utf-8")
                tried += 1
                survived = _passes(copy, options, tests)
                print("!" if survived else ".", end="", flush=True)
                if survived:
                    left.append(mutant)
            shutil.copy(path, target)
        print()
        return tried, left


def _values(parent: ast.AST, place: str) -> Iterator[tuple[str, ast.expr]]:
    """The expressions that are worked out where modules, classes and properties are made, and what those return."""
    for node in ast.iter_child_nodes(parent):
        match node:
            case ast.ClassDef():
                yield from _values(node, f"{place}.{node.name}")
            case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
                pass  # says what types are: for type checkers
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                yield from ((place, each) for each in _parts(value))
            case ast.FunctionDef(decorator_list=[ast.Name(id="property")]):
                for each in ast.walk(node):
                    if isinstance(each, ast.Return) and each.value is not None:
                        yield f"{place}.{node.name}", each.value
            case _:
                pass


def _parts(value: ast.expr) -> Iterator[ast.expr]:
    yield value
    if isinstance(value, ast.BinOp):
        yield from _parts(value.left)
        yield from _parts(value.right)


def _changes(node: ast.expr) -> Iterator[str]:
    """What may stand in the place of an expression."""
    match node:
        case ast.Constant(value=bool() as value):
            yield str(not value)
        case ast.Constant(value=int() | float() as value):
            yield from (repr(value + 1), repr(value - 1))
        case ast.Constant(value=str() as value):
            yield repr(f"XX{value}XX")
        case ast.Constant(value=None):
            yield "''"
        case ast.BinOp(left=left, op=op, right=right):
            other = "-" if not isinstance(op, ast.Sub) else "+"
            yield f"({ast.unparse(left)}) {other} ({ast.unparse(right)})"
        case ast.IfExp(body=body, orelse=orelse):
            yield from (ast.unparse(body), ast.unparse(orelse))
        case _:
            yield "None"


def _replaced(source: str, node: ast.expr, changed: str) -> str:
    assert node.lineno == node.end_lineno, "a value of several lines: say here how to replace it"
    lines = source.splitlines(keepends=True)
    line = lines[node.lineno - 1].encode()
    lines[node.lineno - 1] = (line[: node.col_offset] + changed.encode() + line[node.end_col_offset :]).decode()
    return "".join(lines)


def _passes(source: Path, options: Sequence[str], tests: Sequence[str]) -> bool:
    # Two versions of a file may be alike in size and time, and Python would take the one for the other.
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", *options]
    # One after the other: the first kill nearly all, and the rest need not even be imported.
    return all(
        subprocess.run([*command, each], cwd=ROOT, env=environment, capture_output=True, timeout=600).returncode == 0
        for each in tests
    )

"""What other libraries have, and what docs/peers says of it: all there is, and nothing that is not.

What they have is read from the installed packages; what to say of it is written by hand, in one file for each library.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

import retold
from retold.contract import LOG_EVENTS
from scripts.written import ROOT

SAID = ROOT / "docs" / "peers"
LIBRARIES = ("tenacity", "backoff", "stamina", "redress", "nopanic")

PENDING: frozenset[str] = frozenset()
"""What is ours and announced, but not here yet: names, and options as `retold.retry(stop=)`.

An entry that has come to exist is an error: remove it here and write the page anew.
"""

_EVENTS = {event.name for event in LOG_EVENTS}


def said_of(library: str) -> dict[str, Any]:
    """What the file of a library says."""
    return tomllib.loads((SAID / f"{library}.toml").read_text(encoding="utf-8"))


def names_of(said: Mapping[str, Any]) -> Iterator[str]:
    """Every public name of a library: of its modules, of the classes and the calls that its file lists."""
    seen: dict[str, list[object]] = {}
    for module in said["modules"]:
        for name, value in _public(module):
            # What a submodule shares with the package is the same thing, told once.
            if not any(value is other for other in seen.setdefault(name, [])):
                yield f"{module}.{name}"
            seen[name].append(value)
    for package in said.get("packages", ()):
        for found in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            yield found.name
    parameters: dict[str, list[str]] = {}
    for alike in said["parameters"]:
        told: set[str] = set()
        for call in alike:
            parameters[call] = _parameters(_resolve(call))
            yield from (f"{call}({name}=)" for name in parameters[call] if name not in told)
            told.update(parameters[call])
    for kind in said.get("members", ()):
        # A parameter that is kept as an attribute has been told.
        yield from (f"{kind}.{name}" for name in _members(_resolve(kind)) if name not in parameters.get(kind, ()))


def _public(name: str) -> Iterator[tuple[str, object]]:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:  # it needs a library that is not here: its source tells what it has
        if missing.name is None or missing.name.split(".")[0] == name.split(".")[0]:
            raise
        source = Path(str(importlib.import_module(name.split(".")[0]).__file__)).parent.joinpath(*name.split(".")[1:])
        for node in ast.parse(source.with_suffix(".py").read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_"):
                yield node.name, node
        return
    for each in getattr(module, "__all__", None) or _defined(module):
        value = getattr(module, each)
        if not each.startswith("_") and not isinstance(value, (TypeVar, ParamSpec)):
            yield each, value


def _defined(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]


def _parameters(function: Callable[..., object]) -> list[str]:
    given = inspect.signature(function).parameters.values()
    return [each.name for each in given if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]


def _members(kind: type) -> list[str]:
    """Methods, fields and attributes of a class that are the library's own."""
    names: set[str] = set()
    for base in kind.__mro__:
        if base.__module__.split(".")[0] in LIBRARIES:
            names.update(vars(base), inspect.get_annotations(base), _kept(base))
    return sorted(name for name in names if not name.startswith("_"))


def _kept(kind: type) -> Iterator[str]:
    """What `__init__` sets, as it is written."""
    if inspect.isfunction(made := vars(kind).get("__init__")) and not made.__code__.co_filename.startswith("<"):
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(made)))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                yield node.attr


def _resolve(dotted: str) -> Any:
    """What a dotted name stands for.

    Raises:
        LookupError: There is no such thing.
    """
    parts = dotted.split(".")
    value: Any = importlib.import_module(parts[0])
    for end, part in enumerate(parts[1:], 2):
        try:
            value = getattr(value, part)
        except AttributeError:
            try:
                value = importlib.import_module(".".join(parts[:end]))
            except ModuleNotFoundError:
                raise LookupError(dotted) from None
    return value


def quoted(note: str) -> list[str]:
    """The code in a note that is Python, and not the name of an event."""
    return [code for code in re.findall(r"`([^`]*\bretold\.[^`]*)`", note) if code not in _EVENTS]


def absent(ours: str) -> Iterator[str]:
    """What a piece of code names that is not ours: `retold.` names and the options of their calls."""
    tree = ast.parse(ours)
    longest = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_ours(node)}
    for dotted in sorted(name for name in longest if not any(other.startswith(f"{name}.") for other in longest)):
        try:
            _resolve(dotted)
        except LookupError:
            yield dotted
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and call.keywords and _is_ours(call.func):
            dotted = ast.unparse(call.func)
            try:
                function = _resolve(dotted)
            except LookupError:
                continue
            known = _parameters(retold.Policy if dotted == "retold.Policy.replace" else function)
            yield from (f"{dotted}({word.arg}=)" for word in call.keywords if word.arg and word.arg not in known)


def _is_ours(node: ast.AST) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "retold"


def wrong(libraries: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Everything that is not as it should be, in words."""
    used: set[str] = set()
    for library, said in libraries.items():
        here, told = list(names_of(said)), said["names"]
        yield from (f"{library}.toml does not say what {name} is for us" for name in here if name not in told)
        yield from (
            f"{library}.toml tells of {name}, which {library} does not have" for name in told if name not in here
        )
        for name, (ours, note) in told.items():
            if not ours and not note:
                yield f"{library}.toml has neither ours nor a reason for {name}"
            lacking = {each for code in (ours, *quoted(note)) for each in absent(code)}
            used |= lacking & PENDING
            yield from (
                f"{library}.toml names {each} for {name}, which is not there" for each in sorted(lacking - PENDING)
            )
    yield from (f"{each} is here, or named nowhere: remove it from PENDING" for each in sorted(PENDING - used))

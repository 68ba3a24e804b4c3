"""The first attempt as source code: all of a wrapper that runs when a call succeeds at once.

It has the function's own parameters, since calling with exactly the arguments that are declared is what CPython
makes fast, and `*args, **kwargs` is most of what a plain decorator costs. Whatever follows a failure is ordinary
code, to which `Target` leads.
"""

from __future__ import annotations

import linecache
from enum import Enum
from functools import lru_cache
from types import CodeType

from retold.journal import FOLD_AT
from retold.wrapper.signature import Shape, Signature

_ORDINARY = """\
    return {await_}_retold_run(_retold_target.begin_whole(), _retold_function, {packed})
"""

_TELLING = """\
    _retold_story = _retold_target.tell(_retold_who)
    _retold_began = _retold_now()
    try:
        _retold_result = {await_}_retold_function({arguments})
    except _retold_any as _retold_error:
        _retold_call = _retold_target.told_failed(_retold_error, _retold_who, _retold_began, _retold_story)
        if _retold_call is None:
            raise
    else:
        _retold_target.told_succeeded(_retold_who, _retold_story, _retold_now() - _retold_began)
        return _retold_result
    return {await_}_retold_run(_retold_call, _retold_function, {packed})
"""

_TOLD = f"""\
    _retold_who = {{who}}
{_TELLING}"""

_ASKED = f"""\
    if _retold_who.wanted():
{"".join(f"    {line}" for line in _TELLING.splitlines(keepends=True))}"""

_TIMED = """\
    _retold_who = {who}
{asked}    _retold_began = _retold_now()
    try:
        return {await_}_retold_function({arguments})
    except _retold_any as _retold_error:
        _retold_next = _retold_who.decide(_retold_error, 1, _retold_began, 0.0)
        if _retold_type(_retold_next) is not _retold_float:
            _retold_next = _retold_target.failed(
                _retold_error, _retold_who, _retold_began, 1, 0.0, 0.0, _retold_began, _retold_next
            )
            if _retold_next is None:
                raise
    if _retold_type(_retold_next) is _retold_float:
        _retold_next = {await_}_retold_again(
            _retold_target, _retold_function, _retold_next, _retold_who, _retold_began, {packed}
        )
        if _retold_type(_retold_next) is not _retold_call_type:
            return _retold_next
    return {await_}_retold_run(_retold_next, _retold_function, {packed})
"""

# The same where nothing depends on when the call began: no clock is read.
_QUIET = _TIMED.replace("    _retold_began = _retold_now()\n", "").replace("_retold_began", "None")

_COUNTED = f"""\
    _retold_who = {{who}}
{{asked}}    _retold_began = _retold_now()
    _retold_who.note(None)
    try:
        _retold_result = {{await_}}_retold_function({{arguments}})
    except _retold_any as _retold_error:
        _retold_next = _retold_target.failed(
            _retold_error, _retold_who, _retold_began, 1, 0.0, 0.0, _retold_began, None
        )
        if _retold_next is None:
            raise
    else:
        _retold_who.note(_retold_now() - _retold_began)
        if _retold_len(_retold_who.notes) >= {FOLD_AT}:
            _retold_who.fold()
        return _retold_result
    if _retold_type(_retold_next) is _retold_float:
        _retold_next = {{await_}}_retold_again(
            _retold_target, _retold_function, _retold_next, _retold_who, _retold_began, {{packed}}
        )
        if _retold_type(_retold_next) is not _retold_call_type:
            return _retold_next
    return {{await_}}_retold_run(_retold_next, _retold_function, {{packed}})
"""


class Way(Enum):
    """Who hears of a call that succeeds at once, and so what its first attempt has to do."""

    ORDINARY = _ORDINARY
    """It has more to do than this code should hold: the whole call is ordinary code."""
    TOLD = _TOLD
    """Somebody, at every moment."""
    QUIET = _QUIET
    """Nobody: no clock is read, and nothing is made."""
    TIMED = _TIMED
    """Nobody, but what follows a failure counts from the start."""
    COUNTED = _COUNTED
    """The journal, which takes a number."""

    # By identity: code is looked up by it, and an enumeration hashes names.
    __hash__ = object.__hash__


@lru_cache(maxsize=1024)
def code(
    shape: Shape | None, way: Way, asynchronous: bool, signs: tuple[str, ...], asks: bool = False, earns: bool = False
) -> CodeType:
    """The code of a wrapper. Tracebacks and debuggers find its source in `linecache`.

    Args:
        shape: The function's parameters; None for any.
        way: Who hears of a call that succeeds at once.
        asynchronous: Whether it is a coroutine function.
        signs: Keys of namespaces, under which a value other than None tells that a sleeping exporter may have woken.
        asks: Whether exporters are first asked if they want the call: then it is told, and else goes the way.
        earns: Whether each call earns for a budget. Ordinary code sees to it itself.
    """
    signature = Signature.of(shape)
    source = f"{'async ' if asynchronous else ''}def wrapper({signature.parameters()}):\n"
    if signs and way is not Way.ORDINARY:
        woken = " or ".join(f"{sign(index, key)}[{key!r}] is not None" for index, key in enumerate(signs))
        source += f"    if {woken}:\n    {_ORDINARY}"
    if earns and way is not Way.ORDINARY:
        source += "    _retold_earn()\n"
    source = (source + way.value.replace("{asked}", _ASKED if asks else "")).format(
        await_="await " if asynchronous else "",
        arguments=signature.arguments(),
        packed=signature.packed(),
        who=listening(way, asks=asks),
    )
    kind = (
        f"{way.name.lower()}{' asking' if asks else ''}{' earning' if earns else ''}{' async' if asynchronous else ''}"
    )
    filename = f"<retold {kind} ({signature.parameters()}) {' '.join(signs)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    made: CodeType = compile(source, filename, "exec").co_consts[0]
    return made


def listening(way: Way, *, asks: bool) -> str:
    """The name under which the code finds who hears of a call. No other kind of code loads it."""
    return f"_retold_{way.name.lower()}{'_asking' if asks else ''}"


def sign(index: int, key: str) -> str:
    """The name of the namespace in which the code looks for a key; with the key, so that it always has it."""
    return f"_retold_sign_{index}_{key}"

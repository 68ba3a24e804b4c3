"""Whoever looks at a decorated function, or stops in it, sees the function; and the wrapper, where it is."""

import bdb
import inspect
import linecache
import pickle
import pydoc
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

import retold
from retold import Policy, wrapper
from retold.testing import ManualClock
from tests.forms import drive
from tests.wrapper import annotated
from tests.wrapper.annotated import Thing, awaited, plain

POLICY: Any = Policy(on=OSError, attempts=3, clock=ManualClock())
HERE = __file__
DECORATED: list[Any] = [plain, awaited]


def _fails(error: type[Exception]) -> None:
    raise error("the reason")


async def _fails_async(error: type[Exception]) -> None:
    raise error("the reason")


@pytest.mark.parametrize("wrapped", DECORATED)
def test_it_says_of_itself_what_its_function_says(wrapped: Any) -> None:
    function = wrapped.__wrapped__

    assert inspect.signature(wrapped) == inspect.signature(function)
    assert get_type_hints(wrapped) == get_type_hints(function)
    assert get_type_hints(wrapped)["thing"] is Thing
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        assert getattr(wrapped, name) == getattr(function, name)
    assert inspect.iscoroutinefunction(wrapped) == inspect.iscoroutinefunction(function)
    assert inspect.unwrap(wrapped) is function
    assert inspect.getsource(wrapped) == inspect.getsource(function)


def test_it_has_the_parameters_without_being_unwrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrapper, "SAME_SIGNATURE", True)
    function: Any = plain.__wrapped__  # type: ignore[attr-defined]
    wrapped = POLICY(function)

    assert wrapped.__defaults__ is function.__defaults__
    assert wrapped.__kwdefaults__ is function.__kwdefaults__
    assert wrapped.__code__.co_varnames[:5] == ("thing", "times", "key", "more", "rest")


@pytest.mark.parametrize("wrapped", DECORATED)
def test_it_is_pickled_by_name(wrapped: object) -> None:
    assert pickle.loads(pickle.dumps(wrapped)) is wrapped


def test_help_shows_the_function() -> None:
    shown = " ".join(pydoc.plain(pydoc.render_doc(annotated)).split())  # Python versions break lines differently

    signature = "thing: 'Thing', /, times: 'int' = 2, *more: 'str', key: 'bool' = False"
    assert signature in shown
    assert "Repeat a thing." in shown
    assert "async awaited(thing: 'Thing') -> 'Thing'" in shown


@pytest.mark.parametrize("error", [ValueError, OSError], ids=["at-once", "at-last"])
@pytest.mark.parametrize("function", [_fails, _fails_async])
@pytest.mark.parametrize("exporters", [[], ["memory"]], ids=["quiet", "told"])
def test_a_traceback_shows_the_users_frame_and_at_most_two_of_ours(
    error: type[Exception], function: Any, exporters: list[str]
) -> None:
    with retold.configure(exporters=exporters):
        with pytest.raises(error) as raised:
            _call(POLICY(function), error)

    frames = traceback.extract_tb(raised.value.__traceback__)
    files = [frame.filename for frame in frames]
    assert (files[-1], frames[-1].line) == (HERE, 'raise error("the reason")')
    assert sum("retold" in file and file != HERE and "tests" not in file for file in files) <= 2
    assert all(frame.line for frame in frames)


def test_a_traceback_has_the_source_of_the_wrapper() -> None:
    wrapped = POLICY(_fails)

    with pytest.raises(ValueError, match="the reason") as raised:
        wrapped(ValueError)

    shown = "".join(traceback.format_exception(raised.value))

    assert "return _retold_function(" in shown
    assert "in _fails" in shown


def _call(function: Callable[..., Any], *args: object) -> Any:
    made = function(*args)
    return drive(made) if inspect.iscoroutine(made) else made


@pytest.mark.parametrize("exporters", [[], ["memory"], ["prometheus"]], ids=["quiet", "told", "counted"])
@pytest.mark.parametrize("wrapped", DECORATED)
def test_the_source_lines_up_with_the_code(wrapped: Any, exporters: list[str]) -> None:
    with retold.configure(exporters=exporters):
        _call(wrapped, Thing())
        code = wrapped.__code__
        linecache.checkcache()
        lines = linecache.getlines(code.co_filename)

    assert lines[code.co_firstlineno - 1].startswith(("def wrapper(", "async def wrapper("))
    numbers = {number for _, _, number in code.co_lines() if number is not None}
    assert max(numbers) <= len(lines)


class Stopping(bdb.Bdb):
    """A debugger that goes on at once, and remembers the source lines at which it stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def user_line(self, frame: types.FrameType) -> None:
        self.lines.append(linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip())
        self.set_step()


@pytest.fixture
def _untraced() -> Any:
    """Coverage's own tracing is back after the test."""
    before = sys.gettrace()
    yield
    sys.settrace(before)


@pytest.mark.usefixtures("_untraced")
def test_a_debugger_steps_through_the_wrapper_into_the_function() -> None:
    debugger = Stopping()

    result = debugger.runcall(plain, Thing(), 1)

    assert result is not None
    assert any("_retold_function(" in line for line in debugger.lines)
    assert "return [thing] * times" in debugger.lines


@pytest.mark.usefixtures("_untraced")
def test_tracing_sees_the_function_run_once() -> None:
    entered: list[str] = []

    def trace(frame: types.FrameType, event: str, argument: object) -> Any:
        if event == "call":
            entered.append(f"{frame.f_code.co_filename == annotated.__file__} {frame.f_code.co_name}")
        return trace

    sys.settrace(trace)
    plain(Thing())
    sys.settrace(None)

    assert entered.count("True plain") == 1
    assert "False plain" in entered

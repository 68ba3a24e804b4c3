"""Looking at the variables of a frame leaves nothing behind."""

import sys
import weakref
from collections.abc import Mapping
from typing import NoReturn

import pytest

import retold
from retold.nesting.stack import Entered, _variables
from tests.subprocesses import run


@pytest.mark.parametrize("held", [False, True])
def test_what_a_function_lets_go_of_is_not_kept_by_having_been_looked_at(*, held: bool) -> None:
    done = run(
        f"""
        import sys, weakref
        from retold.nesting.stack import _variables

        class Thing:
            pass

        def function():
            thing, kept = Thing(), 1
            if {held}:
                mine = locals()
            assert _variables(sys._getframe())["thing"] is thing
            assert kept == 1 and type(thing) is Thing
            gone = weakref.ref(thing)
            if {held}:
                assert mine["kept"] == 1
            del thing
            print(gone() is None)

        function()
        exec("looked = _variables(sys._getframe())")
        print("function" in looked and "function" in globals())
        """,
        untraced=True,
    )

    assert done.lines == [str(not held), "True"]


def test_nothing_of_a_frame_changes_while_it_is_traced() -> None:
    thing = object()
    before = sys.gettrace()

    sys.settrace(before or (lambda frame, event, arg: None))
    try:
        seen: Mapping[str, object] = _variables(sys._getframe())
    finally:
        sys.settrace(before)

    assert seen["thing"] is thing


def test_an_object_that_pretends_to_be_of_another_class_is_not_asked() -> None:
    class Proxy:
        @property  # type: ignore[misc]
        def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
            raise AssertionError

    proxy = Proxy()
    with retold.configure(exporters=["logging"]):
        for attempt in retold.Policy(on=OSError, operation="order"):
            with attempt:
                retold.Policy(on=ValueError, attempts=1, operation="pay", fallback=None).call(int, "x")

    assert type(proxy) is Proxy
    with pytest.raises(AssertionError):
        isinstance(proxy, int)


def test_what_is_entered_has_to_say_what_is_around() -> None:
    with pytest.raises(NotImplementedError):
        Entered()._outer(sys._getframe())


def test_what_is_let_go_of_is_gone_however_the_tests_are_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    class Thing:
        pass

    thing = Thing()
    gone = weakref.ref(thing)
    monkeypatch.setattr(sys, "gettrace", lambda: None)  # as where nobody measures coverage

    assert _variables(sys._getframe())["thing"] is thing
    del thing

    assert gone() is None


def test_the_variables_of_a_class_are_left_alone_where_its_metaclass_keeps_them() -> None:
    class Kept(dict[str, object]):
        def copy(self) -> NoReturn:
            raise AssertionError

    class Meta(type):
        @classmethod
        def __prepare__(cls, name: str, bases: tuple[type, ...], /, **kwargs: object) -> Kept:
            return Kept()

    class Made(metaclass=Meta):
        seen = _variables(sys._getframe())

    assert Made.seen == {}

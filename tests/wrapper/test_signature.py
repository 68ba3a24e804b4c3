"""A decorated function takes exactly what its function takes, whatever its parameters are called."""

import functools
import inspect
import operator
from types import FunctionType
from typing import Any, cast

import pytest
from hypothesis import given

from retold import Policy
from retold.testing import ManualClock, MemoryExporter
from retold.wrapper import flags
from retold.wrapper.signature import ANYTHING, Signature, shape_of
from tests.forms import drive
from tests.wrapper.signatures import ARGUMENTS, Arguments, function_of, outcome_of, sources

policy = Policy(on=OSError, clock=ManualClock())
POLICY: Any = policy  # given what type checkers would refuse


def signature_of(function: FunctionType) -> Signature:
    return Signature.of(shape_of(function))


@given(source=sources(), arguments=ARGUMENTS)
def test_it_takes_what_its_function_takes_and_refuses_the_rest_in_its_words(source: str, arguments: Arguments) -> None:
    function, (args, kwargs) = function_of(source), arguments
    wrapped = POLICY(function)

    assert outcome_of(lambda: wrapped(*args, **kwargs)) == outcome_of(lambda: function(*args, **kwargs))


@given(source=sources(), arguments=ARGUMENTS)
def test_so_does_a_coroutine_function(source: str, arguments: Arguments) -> None:
    function, (args, kwargs) = function_of(source, asynchronous=True), arguments
    wrapped = POLICY(function)

    expected = outcome_of(lambda: drive(function(*args, **kwargs)))

    assert outcome_of(lambda: drive(wrapped(*args, **kwargs))) == expected


@given(source=sources(), arguments=ARGUMENTS)
def test_every_attempt_has_the_same_arguments(source: str, arguments: Arguments) -> None:
    args, kwargs = arguments
    runs: list[object] = []

    def fails_twice(values: object) -> object:
        runs.append(values)
        if len(runs) < 3:
            raise OSError
        return values

    outcome = outcome_of(lambda: POLICY(function_of(source, fails_twice))(*args, **kwargs))

    assert isinstance(outcome, str) or runs == [outcome] * 3


def test_parameters_may_have_the_names_of_builtins_and_of_the_code_around_them() -> None:
    def shadows(len: int, BaseException: int, *args: int, call: int, wrapper: int = 5, **kwargs: int) -> object:  # noqa: A002, N803
        return len, BaseException, args, call, wrapper, kwargs

    wrapped = POLICY(shadows)

    assert wrapped(1, 2, 3, call=4, self=6) == (1, 2, (3,), 4, 5, {"self": 6})


def test_parameters_may_have_the_names_that_the_generated_code_uses_itself() -> None:
    def shadows(_retold_function: int, _retold_who: int = 2) -> object:
        return _retold_function, _retold_who

    assert signature_of(cast("FunctionType", shadows)) is ANYTHING
    assert POLICY(shadows)(1, _retold_who=3) == (1, 3)
    assert inspect.signature(POLICY(shadows)) == inspect.signature(shadows)


def test_parameters_may_have_names_that_nobody_can_write() -> None:
    named = POLICY(lambda x: x).__wrapped__
    odd = FunctionType(named.__code__.replace(co_varnames=(".0",)), {})

    assert signature_of(odd) is ANYTHING
    assert POLICY(odd)(1) == 1


def test_parameters_may_be_what_closures_hold() -> None:
    def outer(held: int, *, kept: int) -> object:
        return (lambda: (held, kept))()

    assert POLICY(outer)(1, kept=2) == (1, 2)


def test_names_of_private_parameters_are_mangled_once() -> None:
    class Owner:
        @policy
        def method(self, __private: int = 0) -> int:
            return __private

    assert Owner().method(1) == Owner().method(_Owner__private=1) == 1  # type: ignore[call-arg] # as in plain classes


def test_a_default_is_the_functions_own_object() -> None:
    def collects(value: int, into: list[int] = [], *, also: list[int] = []) -> tuple[list[int], list[int]]:  # noqa: B006
        into.append(value)
        also.append(value)
        return into, also

    wrapped = POLICY(collects)
    wrapped(1)
    collects(2)

    assert wrapped(3) == collects.__defaults__ + tuple((collects.__kwdefaults__ or {}).values())  # type: ignore[operator]
    assert wrapped(4)[0] == [1, 2, 3, 4]


def test_keyword_defaults_that_change_later_are_those_of_the_decorated_function_too() -> None:
    def function(*, key: int = 1) -> int:
        return key

    wrapped = POLICY(function)
    assert function.__kwdefaults__ is not None
    function.__kwdefaults__["key"] = 2

    assert wrapped() == 2


def test_a_lambda_is_named_as_such() -> None:
    wrapped = POLICY(lambda x, *, y=2: x + y)

    assert wrapped(1) == 3
    with pytest.raises(TypeError, match=r"<lambda>\(\) missing 1 required positional argument: 'x'"):
        wrapped()


class Methods:
    def __init__(self, value: int) -> None:
        self.value = value

    @policy
    def method(self, other: int, *, key: int = 3) -> object:
        return self.value, other, key

    @policy
    @classmethod
    def of_class(cls, other: int = 2) -> object:
        return cls, other

    @policy
    @staticmethod
    def static(other: int) -> object:
        return other


def test_methods_take_what_they_declare() -> None:
    made = Methods(1)

    assert made.method(2) == Methods.method(made, other=2) == (1, 2, 3)
    assert made.of_class() == Methods.of_class(other=2) == (Methods, 2)
    assert made.static(4) == Methods.static(4) == 4
    with pytest.raises(TypeError, match=r"Methods\.method\(\) missing 1 required positional argument: 'other'"):
        made.method()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


class Callable:
    def __call__(self, first: int, *, key: int = 2) -> object:
        return first, key


@pytest.mark.parametrize(
    ("function", "args", "kwargs", "expected"),
    [
        (divmod, (7, 2), {}, (3, 1)),
        (operator.itemgetter("a"), ({"a": 1},), {}, 1),
        ("a-b".split, ("-",), {}, ["a", "b"]),
        (functools.partial(Callable(), 1), (), {"key": 3}, (1, 3)),
        (Callable(), (1,), {}, (1, 2)),
        (Callable().__call__, (1,), {"key": 3}, (1, 3)),
    ],
    ids=["builtin", "object-in-c", "method-in-c", "partial", "object", "bound-method"],
)
def test_what_has_no_code_of_its_own_takes_anything(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], expected: object, seen: MemoryExporter
) -> None:
    assert POLICY(function).__code__.co_varnames[:2] == ("args", "kwargs")
    assert POLICY(function)(*args, **kwargs) == expected
    assert seen.last.attempts == 1


@given(source=sources())
def test_functions_with_equal_parameters_have_equal_shapes(source: str) -> None:
    assert shape_of(function_of(source)) == shape_of(function_of(source, asynchronous=True))


def test_functions_with_other_parameters_of_the_same_names_have_other_shapes() -> None:
    def plain(a: int, b: int) -> None: ...
    def positional(a: int, b: int, /) -> None: ...
    def keyword(a: int, *, b: int) -> None: ...
    def more(a: int, *b: int) -> None: ...
    def more_keyword(a: int, **b: int) -> None: ...
    def local(a: int) -> None:
        b = a  # noqa: F841

    functions = cast("list[FunctionType]", [plain, positional, keyword, more, more_keyword, local])

    assert [signature_of(function).parameters() for function in functions] == [
        "a, b", "a, b, /", "a, *, b", "a, *b", "a, **b", "a"
    ]  # fmt: skip
    assert len({shape_of(function) for function in functions}) == len(functions)


def test_flags_are_those_of_inspect() -> None:
    for name in ("VARARGS", "VARKEYWORDS", "GENERATOR", "COROUTINE", "ITERABLE_COROUTINE", "ASYNC_GENERATOR"):
        assert getattr(flags, name) == getattr(inspect, f"CO_{name}")

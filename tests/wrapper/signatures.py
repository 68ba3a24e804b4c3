"""Random functions, and arguments that may or may not fit them."""

from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import strategies as st

Arguments: TypeAlias = tuple[tuple[int, ...], dict[str, int]]

# Of builtins, of the words of the wrapper's code, of its own names, and of none of these.
NAMES = [
    *(
        "len",
        "BaseException",
        "call",
        "wrapper",
        "self",
        "cls",
        "args",
        "kwargs",
        "error",
        "function",
        "é",
        "__private",
    ),
    *("_retold_function", "_retold_who", "_retold_new", "x", "y", "z"),
]


@st.composite
def sources(draw: st.DrawFn) -> str:
    """The source of a function that returns `kept` of all that it is given."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=7))
    cuts = sorted(draw(st.tuples(*[st.integers(0, len(names))] * 2)))
    only, positional, keyword = names[: cuts[0]], names[cuts[0] : cuts[1]], names[cuts[1] :]
    chance = st.booleans()
    more = keyword.pop() if draw(chance) and keyword else None
    more_keyword = keyword.pop() if draw(chance) and keyword else None
    required = draw(st.integers(0, len(only) + len(positional)))

    def written(index: int, name: str) -> str:
        return name if index < required else f"{name}={index + 100}"

    parts = [written(index, name) for index, name in enumerate([*only, *positional])]
    if only:
        parts.insert(len(only), "/")
    if more is not None:
        parts.append(f"*{more}")
    elif keyword:
        parts.append("*")
    parts += [f"{name}=200" if draw(chance) else name for name in keyword]
    if more_keyword is not None:
        parts.append(f"**{more_keyword}")
    return f"def function({', '.join(parts)}):\n    return kept([{', '.join(names)}])\n"


ARGUMENTS: st.SearchStrategy[Arguments] = st.tuples(
    st.lists(st.integers(0, 9), max_size=6).map(tuple),
    st.dictionaries(st.sampled_from(NAMES), st.integers(10, 19), max_size=4),
)


def function_of(source: str, kept: Callable[[Any], object] = list, *, asynchronous: bool = False) -> Any:
    """The function of that source, which is called `function`."""
    names: dict[str, Any] = {"__name__": __name__, "kept": kept}
    exec("async " * asynchronous + source, names)
    return names["function"]


def outcome_of(function: Callable[[], object]) -> object:
    """What a function returns, or how it says that it cannot be called so."""
    try:
        return function()
    except TypeError as error:
        return str(error)

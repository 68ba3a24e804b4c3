"""What importing retold brings along, and what it can do without."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from retold import core
from tests.subprocesses import run

CORE = sorted(Path(core.__file__).parent.glob("*.py"))
DECIDING = {
    *("__future__", "abc", "collections", "contextlib", "dataclasses", "enum"),
    *("functools", "itertools", "math", "numbers", "typing", "weakref"),
}
LOCKING = {"bucket": {"threading"}}
"""A budget is shared by threads."""
EXTRAS = ["opentelemetry.sdk", "opentelemetry.exporter", "prometheus_client", "structlog", "rich", "httpx", "grpc"]


@pytest.mark.parametrize(
    "module", ["asyncio", "logging", "random", "opentelemetry", "prometheus_client", "structlog", "rich"]
)
def test_importing_loads_nothing_that_it_does_not_need(module: str) -> None:
    done = run(
        f"""
        import sys
        before = {module!r} in sys.modules
        import retold
        print(before, [name for name in sys.modules if name.split(".")[0] == {module!r}])
        """,
        untraced=True,  # coverage imports some of them
    )

    assert done.lines == ["False []"]


def test_what_not_every_program_needs_is_loaded_when_it_is_named() -> None:
    done = run(
        """
        import sys, retold
        later = "retold.hints", "retold.on", "retold.core.growth", "email"
        print([name for name in later if name in sys.modules])
        retold.on, retold.hints, retold.Linear
        print([name for name in later if name in sys.modules])
        """
    )

    assert done.lines == ["[]", "['retold.hints', 'retold.on', 'retold.core.growth']"]


def test_what_is_loaded_later_is_listed_and_what_is_not_there_is_said() -> None:
    import retold

    assert set(retold.__all__) < set(dir(retold))
    with pytest.raises(AttributeError, match="module 'retold' has no attribute 'Logarithmic'"):
        retold.Logarithmic  # type: ignore[attr-defined] # noqa: B018


def test_everything_public_is_there_without_any_extra() -> None:
    done = run(
        """
        import retold, retold.testing
        for name in retold.__all__:
            getattr(retold, name)

        @retold.retry(on=OSError, backoff=0)
        def fetch():
            return "page"
        print(fetch())
        """,
        without=EXTRAS,
    )

    assert done.lines == ["page"]


def test_asyncio_is_loaded_by_those_who_await_only() -> None:
    done = run(
        """
        import sys, retold
        retold.configure(exporters=["opentelemetry", "logging", "memory"])

        @retold.retry(on=OSError, backoff=0)
        def fetch():
            return "page"
        fetch()
        print("asyncio" in sys.modules)
        """,
        without=["opentelemetry.sdk"],
    )

    assert done.lines == ["False"]


def test_opentelemetry_is_loaded_when_the_first_policy_is_applied() -> None:
    done = run(
        """
        import sys, retold
        policy = retold.Policy(on=OSError)
        print("opentelemetry.trace" in sys.modules)
        policy(print)
        print("opentelemetry.trace" in sys.modules)
        """
    )

    assert done.lines == ["False", "True"]


def test_names_are_the_contract_s_in_every_public_error() -> None:
    import retold

    for name in retold.__all__:
        kind = getattr(retold, name)
        if isinstance(kind, type) and issubclass(kind, (Exception, Warning)):
            assert kind.__module__ == "retold"


def imported_by(path: Path) -> Iterator[str]:
    """The first names of all modules that are imported anywhere in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None  # nothing is imported by a relative name
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_imports_little_of_the_standard_library_and_nothing_of_others(path: Path) -> None:
    assert set(imported_by(path)) <= DECIDING | {"retold"} | LOCKING.get(path.stem, set())

"""The choice that the environment makes, in processes that make no other."""

import pytest

from tests.subprocesses import run


def test_the_default_is_opentelemetry_and_logging() -> None:
    done = run(
        """
        import retold
        from retold.runners import audience

        retold.Policy(on=OSError)(print)
        print([exporter.name for exporter in audience.current().exporters])
        """
    )

    assert done.lines == ["['opentelemetry', 'logging']"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("memory", ["memory"]),
        (" memory , console,memory,", ["memory", "console"]),
        ("none", []),
        ("", ["opentelemetry", "logging"]),
    ],
)
def test_the_environment_chooses_by_name(text: str, names: list[str]) -> None:
    done = run(
        """
        import retold
        from retold.runners import audience

        retold.Policy(on=OSError)(print)
        print([exporter.name for exporter in audience.current().exporters])
        """,
        env={"RETOLD_EXPORTERS": text},
    )

    assert done.lines == [str(names)]


def test_a_wrong_name_in_the_environment_is_warned_about_and_breaks_nothing() -> None:
    done = run(
        """
        import warnings
        import retold
        from retold.runners import audience

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fetch = retold.Policy(on=OSError)(lambda: "page")
        print([exporter.name for exporter in audience.current().exporters], fetch())
        print(*(f"{each.category.__name__}: {each.message}" for each in caught), sep="\\n")
        """,
        env={"RETOLD_EXPORTERS": "memory,promteheus"},
    )

    first, warning = done.lines
    assert first == "['memory'] page"
    assert warning.startswith("RetoldWarning: RETOLD_EXPORTERS=memory,promteheus: there is no exporter named")
    assert warning.endswith("it is left out")


def test_the_code_s_choice_is_stronger_than_the_environment_s() -> None:
    done = run(
        """
        import retold
        from retold.runners import audience

        retold.configure(exporters=["console"])
        retold.Policy(on=OSError)(print)
        print([exporter.name for exporter in audience.current().exporters])
        """,
        env={"RETOLD_EXPORTERS": "memory"},
    )

    assert done.lines == ["['console']"]


def test_what_is_decorated_in_a_context_is_told_to_the_default_after_it() -> None:
    done = run(
        """
        import retold
        from retold.catalogue import named

        with retold.configure(exporters=[]):
            fetch = retold.Policy(on=OSError)(lambda: "page")
        fetch()
        print(len(named("memory").calls))
        """,
        env={"RETOLD_EXPORTERS": "memory"},
    )

    assert done.lines == ["1"]

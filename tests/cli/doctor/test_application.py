"""The doctor imports an application as a server would, whatever that does."""

import pytest

from tests.cli.doctor.asking import Doctor


def test_an_application_is_imported_from_the_current_folder(doctor: Doctor) -> None:
    seen = doctor.ask("--import=shop", app="print('starting')")

    assert seen.of("import shop") == [("ok", "imported")]
    assert seen.err == "starting\n"


def test_a_function_that_takes_nothing_is_called(doctor: Doctor) -> None:
    seen = doctor.ask(
        "--import=shop:main",
        app="""
        import retold
        def main(debug=False):
            retold.configure(exporters=["memory"])
        """,
    )

    assert seen.of("import shop") == [("ok", "imported, and main() called")]
    assert seen.of("exporters") == [("ok", "memory")]


@pytest.mark.parametrize("app", ["def app(environ, start_response): 1/0", "class App: ...\napp = App()", "app = iter"])
def test_an_application_object_is_not_called(doctor: Doctor, app: str) -> None:
    seen = doctor.ask("--import=shop:app", app=app)

    assert seen.of("import shop") == [("ok", "imported; app is there, and was not called")]


def test_an_async_function_is_not_awaited(doctor: Doctor) -> None:
    seen = doctor.ask("--import=shop:main", app="async def main(): 1/0")

    assert seen.of("import shop") == [("note", "main is async and was not awaited")]


@pytest.mark.parametrize(
    ("name", "app", "message"),
    [
        ("nowhere", "", "there is no module nowhere"),
        ("shop.api", "", "there is no module shop.api"),
        ("shop:main", "", "has no main"),
        ("shop", "import nowhere", "failed with ModuleNotFoundError: No module named 'nowhere'"),
        ("shop", "raise RuntimeError('no\\ndatabase')", "failed with RuntimeError: no\ndatabase"),
        ("shop", "raise SystemExit('usage: shop')", "failed with SystemExit: usage: shop"),
        ("shop:main", "def main(): 1/0", "failed with ZeroDivisionError: division by zero"),
    ],
)
def test_an_application_that_cannot_be_imported_is_a_problem(doctor: Doctor, name: str, app: str, message: str) -> None:
    seen = doctor.ask(f"--import={name}", app=app)

    assert seen.status == 1
    assert seen.problems[0] == (f"import {name.partition(':')[0]}", message)
    assert seen.remedy(f"import {name.partition(':')[0]}")

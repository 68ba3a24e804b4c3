"""Exporters that other packages register."""

from pathlib import Path

import pytest

from tests.subprocesses import Done, run

MODULE = """
import retold

class Counting(retold.Exporter):
    calls = 0
    def call_ended(self, state, event):
        Counting.calls += 1

def wrong():
    return 42

def broken():
    raise RuntimeError("no license")
"""
ENTRY_POINTS = """
[retold.exporters]
counting = shop_exporters:Counting
wrong = shop_exporters:wrong
broken = shop_exporters:broken
missing = shop_exporters:Missing
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with an installed package that registers exporters."""
    (tmp_path / "shop_exporters.py").write_text(MODULE)
    info = tmp_path / "shop_exporters-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-exporters\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return tmp_path


def test_an_exporter_that_a_package_registers_goes_by_its_name(site: Path) -> None:
    done = run(
        """
        import retold, shop_exporters

        retold.configure(exporters=["counting"])
        retold.Policy(on=OSError).call(lambda: "page")
        print(shop_exporters.Counting.calls, retold.catalogue.named("counting").name)
        """,
        env={"PYTHONPATH": str(site)},
    )

    assert done.lines == ["1 counting"]


def configured(site: Path, name: str) -> Done:
    script = f"""
        import retold
        try:
            retold.configure(exporters=[{name!r}])
        except retold.SettingsError as error:
            print(error)
    """
    return run(script, env={"PYTHONPATH": str(site)})


def test_the_known_names_include_the_registered_ones(site: Path) -> None:
    assert configured(site, "none").lines == [
        "there is no exporter named 'none'; there are:"
        " broken, console, counting, logging, memory, missing, opentelemetry, prometheus, structlog, wrong"
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("wrong", "42 is no retold.Exporter"),
        ("broken", "no license"),
        ("missing", "module 'shop_exporters' has no attribute 'Missing'"),
    ],
)
def test_one_that_cannot_be_made_is_refused_with_the_reason(site: Path, name: str, reason: str) -> None:
    assert configured(site, name).lines == [f"exporter {name!r} cannot be loaded: {reason}"]


def test_one_that_the_environment_names_and_that_cannot_be_made_breaks_nothing(site: Path) -> None:
    done = run(
        """
        import retold
        print(retold.Policy(on=OSError).call(lambda: "page"))
        """,
        env={"PYTHONPATH": str(site), "RETOLD_EXPORTERS": "broken,missing,counting"},
        flags=["-W", "always"],
    )

    assert done.lines == ["page"]
    assert done.err.count("it is left out") == 2

"""Names, and what is made of names that come from code."""

import builtins
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retold
from retold import telemetry
from retold.telemetry import METRICS, clean_name, error_type, label_name, label_value

NAME = re.compile(r"retold(\.[a-z_]+)+")


@given(st.text())
def test_any_text_becomes_a_name_of_the_contract_s_characters_and_length(text: str) -> None:
    name = clean_name(text)

    assert re.fullmatch(r"[A-Za-z0-9_.:/<>-]{1,128}", name)
    assert clean_name(name) == name


@given(st.text(alphabet="abcXYZ019_.:/<>-", min_size=1, max_size=128))
def test_a_name_that_keeps_the_rules_is_kept(name: str) -> None:
    assert clean_name(name) == name


class Ours(Exception):
    """Named by its module."""


def test_the_type_of_an_error_is_its_qualified_name_without_builtins() -> None:
    class Local(Exception):
        pass

    odd = type("Odd name" + "x" * 200, (Exception,), {"__module__": "shop"})
    assert error_type(OSError()) == "OSError"
    assert error_type(ConnectionResetError()) == "ConnectionResetError"
    assert error_type(Ours()) == f"{__name__}.Ours"
    assert error_type(Local()).endswith(".<locals>.Local")
    assert error_type(odd()) == "shop.Odd_name" + "x" * 115
    assert error_type(retold.RejectedResult(None)) == telemetry.REJECTED_RESULT_TYPE == "retold.RejectedResult"


@pytest.mark.parametrize("name", [name for name in dir(builtins) if name.endswith("Error")])
def test_the_errors_of_python_have_their_own_names(name: str) -> None:
    kind = getattr(builtins, name)
    error = kind("ascii", b"", 0, 1, "") if name == "UnicodeDecodeError" else kind.__new__(kind)

    assert error_type(error) == kind.__qualname__


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_keeps_the_rules_of_names(metric: telemetry.Metric) -> None:
    assert NAME.fullmatch(metric.name)
    assert not metric.name.endswith(("total", "seconds", "count"))
    assert all(NAME.fullmatch(key) or key == "error.type" for key in metric.keys)
    assert telemetry.ATTEMPT_NUMBER not in metric.keys
    assert metric.unit == "s" or re.fullmatch(r"\{[a-z_]+\}", metric.unit)
    assert metric.help.endswith(".")
    assert bool(metric.buckets) is (metric.kind == "histogram")
    assert list(metric.buckets) == sorted(set(metric.buckets))


def test_prometheus_spells_keys_with_underscores_and_seconds_out() -> None:
    names = [metric.prometheus_name for metric in METRICS]

    assert label_name("error.type") == "error_type"
    assert (telemetry.CALL_DURATION.prometheus_name, telemetry.GIVE_UPS.prometheus_name) == (
        "retold_call_duration_seconds",
        "retold_give_ups",
    )
    assert len(set(names)) == len(names)


def test_prometheus_spells_booleans_in_lower_case() -> None:
    assert [label_value(each) for each in (True, False, "OSError")] == ["true", "false", "OSError"]


def test_every_name_is_written_once() -> None:
    names = [
        value
        for key, value in vars(telemetry).items()
        if key.isupper() and isinstance(value, str) and value.startswith("retold.")
    ]

    assert len(set(names)) == len(names)
    assert all(NAME.fullmatch(name) for name in names if name != telemetry.REJECTED_RESULT_TYPE)

"""What a platform can choose, and what is refused with its name and value."""

import math
from typing import Any

import pytest

from retold.dashboards import Options
from retold.errors import SettingsError


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("objective", 1.0, "objective must be a share between 0 and 1, such as 0.999, not 1.0"),
        ("objective", math.nan, "not nan"),
        ("time_scale", 0.5, "time_scale must be a finite number of at least 1, not 0.5"),
        ("time_scale", math.inf, "not inf"),
        ("labels", ("job", "a b"), "labels must be names of labels, not 'a b'"),
        ("matchers", ("cluster=eu",), 'matchers must be such as cluster="eu", with quotation marks, not cluster=eu'),
        ("matchers", ('cluster="eu", job="web"',), "matchers must be such as"),
        ("uid_prefix", "", "uid_prefix must be 1 to 20 of"),
    ],
)
def test_what_makes_no_sense_is_refused(option: str, value: Any, reason: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Options(**{option: value})

    assert reason in str(refused.value)


@pytest.mark.parametrize("matcher", ['a="b"', 'a!="b"', 'a=~"b|c"', 'a!~"b\\\\d"', '_a1="\\"quoted\\""', 'a=""'])
def test_every_kind_of_matcher_is_taken(matcher: str) -> None:
    assert Options(matchers=(matcher,)).matchers == (matcher,)

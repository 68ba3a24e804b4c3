"""Expressions as Grafana would ask them."""

import pytest

from retold.dashboards.variables import filled


def test_every_variable_is_filled_in() -> None:
    asked = 'rate(a{job=~"$job", instance=~"$instance", b="$operation"}[$__rate_interval]) + b[$__range] / $__range_s'

    assert filled(asked, job="web", operation="shop.fetch", rate_interval=20, shown=900) == (
        'rate(a{job=~"web", instance=~".+", b="shop.fetch"}[20s]) + b[15m] / 900'
    )


def test_groups_of_regular_expressions_are_left_alone() -> None:
    asked = 'label_replace(a, "le", "$1", "le", "(.+)\\\\.0")'

    assert filled(asked) == asked


def test_a_variable_that_no_board_has_is_refused() -> None:
    with pytest.raises(KeyError, match="cluster"):
        filled('a{cluster="$cluster"}')

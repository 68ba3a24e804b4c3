"""Expositions as they are served: Prometheus's text format, OpenMetrics with exemplars, and what is neither."""

from retold.cli.exposition import Sample, samples


def test_a_sample_has_a_name_labels_and_a_number() -> None:
    text = '# HELP up Up.\n# TYPE up gauge\nup 1\nshop_total{name="a b",le="0.5"} 2.5e1 1700000000000\n'

    assert list(samples(text)) == [
        Sample("up", {}, 1.0),
        Sample("shop_total", {"name": "a b", "le": "0.5"}, 25.0),
    ]


def test_braces_in_values_and_exemplars_are_no_labels() -> None:
    text = 'shop_bucket{path="/{id}",quoted="\\"}"} 3.0 # {trace_id="abc"} 0.4 1.5\nshop_count 3 # {trace_id="x"} 1\n'

    assert list(samples(text)) == [
        Sample("shop_bucket", {"path": "/{id}", "quoted": '"}'}, 3.0),
        Sample("shop_count", {}, 3.0),
    ]


def test_values_are_read_as_they_were_before_they_were_escaped() -> None:
    [sample] = samples(r'shop_total{path="C:\\new",said="\"a\nb\""} 1')

    assert sample.labels == {"path": r"C:\new", "said": '"a\nb"'}


def test_only_names_that_are_asked_for_are_read() -> None:
    assert [sample.name for sample in samples("up 1\nretold_calls_total 2\n", "retold_")] == ["retold_calls_total"]


def test_what_is_no_sample_is_passed_over() -> None:
    assert list(samples("<p>Welcome</p>\nnothing here\nodd{} .\n# up 1\n")) == []

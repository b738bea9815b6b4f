"""Metrics: the text format of Prometheus."""

from server.support.metrics import Histogram, Metric, Sample, render


def test_a_metric_is_written_with_its_help_kind_labels_and_number() -> None:
    samples = [Sample(3, {"remote": "/a"}), Sample(0.25, {"remote": '\\b"\n', "x": "y"})]
    assert render(
        [Metric("open", "what is open", samples), Metric("n", "h", [Sample(2**40)], "counter")]
    ) == (
        "# HELP gollabedit_open what is open\n"
        "# TYPE gollabedit_open gauge\n"
        'gollabedit_open{remote="/a"} 3\n'
        'gollabedit_open{remote="\\\\b\\"\\n",x="y"} 0.25\n'
        "# HELP gollabedit_n h\n"
        "# TYPE gollabedit_n counter\n"
        "gollabedit_n 1099511627776\n"
    )


def test_a_histogram_has_cumulative_buckets_their_sum_and_their_count() -> None:
    histogram = Histogram("wait_seconds", "how long", (0.5, 1, 2.5))
    for value in (0.25, 0.5, 0.75, 2, 100):
        histogram.observe(value)
    assert render([histogram.metric()]) == (
        "# HELP gollabedit_wait_seconds how long\n"
        "# TYPE gollabedit_wait_seconds histogram\n"
        'gollabedit_wait_seconds_bucket{le="0.5"} 2\n'
        'gollabedit_wait_seconds_bucket{le="1"} 3\n'
        'gollabedit_wait_seconds_bucket{le="2.5"} 4\n'
        'gollabedit_wait_seconds_bucket{le="+Inf"} 5\n'
        "gollabedit_wait_seconds_sum 103.5\n"
        "gollabedit_wait_seconds_count 5\n"
    )

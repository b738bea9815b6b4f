"""Metrics: the text format of Prometheus."""

from server.support.metrics import Metric, Sample, render


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

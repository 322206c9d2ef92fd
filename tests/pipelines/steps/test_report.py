"""The report in words."""

from pipelines.steps.report import _segment_table


def test_a_shop_without_prices_has_segments_without_a_share_of_the_revenue() -> None:
    segment = {"id": "regulars", "name": "Regulars", "size": 12, "share": 0.5, "revenue_share": None}
    table = _segment_table([segment, segment | {"revenue_share": 0.25}])
    assert list(table.columns[-1].cells) == ["-", "25.0%"]

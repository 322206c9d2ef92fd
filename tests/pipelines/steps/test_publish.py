"""Which champions are served, and what is said of the others."""

import pytest

from pipelines.steps.publish import not_served

PREDICTS, SEGMENTS = {"kind": "predictor"}, {"kind": "segmenter"}


@pytest.mark.parametrize(
    ("champions", "left_out"),
    [
        ({"churn": PREDICTS, "segments": SEGMENTS}, {}),
        ({"groups": SEGMENTS}, {}),
        ({"firms": {**PREDICTS, "entity": "company"}}, {"firms": "it is about companies"}),
        ({"zones": SEGMENTS, "segments": SEGMENTS}, {"segments": "zones is the segmentation that is"}),
        (
            {"zones": SEGMENTS, "groups": SEGMENTS, "segments": SEGMENTS, "churn": PREDICTS},
            {"segments": "groups is the segmentation that is", "zones": "groups is the segmentation that is"},
        ),
        ({"firms": {**SEGMENTS, "entity": "company"}, "segments": SEGMENTS}, {"firms": "it is about companies"}),
    ],
)
def test_one_segmentation_is_served_the_users_own_before_the_shipped_one(
    champions: dict[str, dict[str, str]], left_out: dict[str, str]
) -> None:
    assert not_served(champions) == left_out

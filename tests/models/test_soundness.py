"""The verdict names the gravest fault that the scores show, and none that they do not."""

import pytest

from models.segments.soundness import soundness

GOOD = {
    "segments_n": 5.0,
    "noise_share": 0.0,
    "copula_gap": 0.12,
    "copula_gap_low": 0.08,
    "jaccard_min": 0.83,
    "use_log_spend_r2": 0.2,
    "use_churn_r2": 0.1,
}
NAN = float("nan")


@pytest.mark.parametrize(
    ("changes", "verdict", "says"),
    [
        ({}, "sound", "5 segments, separated +0.080 of silhouette beyond chance"),
        ({"segments_n": 1.0, "noise_share": 0.9}, "no segments here", "90% of them belong to no group"),
        ({"copula_gap_low": -0.01}, "no segments here", "no structure beyond chance"),
        ({"copula_gap_low": NAN}, "no segments here", "no structure beyond chance"),
        ({"jaccard_min": 0.4}, "unstable", "Jaccard 0.40 over bootstrap refits"),
        ({"jaccard_min": NAN}, "unstable", "not stable"),
        ({"better_k": 7.0, "better_k_by": 0.06, "better_k_low": 0.05}, "too coarse", "7 segments separate customers"),
        ({"better_k": 3.0, "better_k_by": 0.06, "better_k_low": 0.05}, "too fine", "clearly better than 5"),
        ({"better_k": 5.0}, "sound", ""),
        ({"use_log_spend_r2": 0.001, "use_churn_r2": -0.02}, "irrelevant", "explain 0.1% of what customers spend"),
        ({"use_log_spend_r2": 0.001, "use_churn_r2": 0.05}, "sound", ""),
        ({"use_log_spend_r2": NAN, "use_churn_r2": NAN}, "sound", ""),
        ({"use_order_r2": 0.05, "use_order_chance": 0.01}, "sound", "5% of what is in their orders"),
        ({"use_order_r2": 0.012, "use_order_chance": 0.008}, "no segments here", "customers of one kind"),
        ({"use_order_r2": NAN, "use_order_chance": NAN}, "sound", ""),
        ({"copula_gap_low": -0.01, "jaccard_min": 0.1}, "no segments here", ""),
        # Twenty-five groups of five planted ones separate no better than chance: what is wrong is their number.
        (
            {"copula_gap_low": -0.01, "jaccard_min": 0.1, "better_k": 3.0, "better_k_by": 0.2, "better_k_low": 0.1},
            "too fine",
            "",
        ),
    ],
)
def test_the_gravest_fault_is_the_verdict(changes: dict[str, float], verdict: str, says: str) -> None:
    found = soundness({**GOOD, **changes}, min_stability=0.5)
    assert found.verdict == verdict
    assert says in found.reason


def test_a_manifest_that_left_out_what_was_not_defined_proves_nothing() -> None:
    assert soundness({"segments_n": 4.0}, min_stability=0.5).verdict == "no segments here"

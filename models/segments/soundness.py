"""Whether a segmentation is sound: one word and one sentence with its numbers, from the scores of its test."""

from collections.abc import Mapping
from dataclasses import dataclass

SOUND = "sound"
TOO_COARSE, TOO_FINE = "too coarse", "too fine"
WRONG_NUMBER = (TOO_COARSE, TOO_FINE)
IRRELEVANT = 0.01
"""Explained variance below which segments say nothing about what customers do next."""
BEYOND_SHUFFLED = 0.01
"""Variance of what is in the next orders that segments must explain beyond the most that shuffled customers reach."""
NAN = float("nan")


@dataclass(frozen=True)
class Soundness:
    """``verdict``: sound, no segments here, unstable, too coarse, too fine or irrelevant; ``reason``: its numbers."""

    verdict: str
    reason: str

    def __str__(self) -> str:
        return f"{self.verdict}: {self.reason}"


def soundness(scores: Mapping[str, float], min_stability: float) -> Soundness:
    """The first fault that the scores show, the gravest first; a score that is missing or nan shows none.

    ``copula_gap_low`` and ``jaccard_min`` are needed: without them nothing is proven. ``min_stability`` is the smallest
    Jaccard of a segment over bootstrap refits.
    """
    found = {name: scores.get(name, NAN) for name in (*scores, "copula_gap", "copula_gap_low", "jaccard_min")}
    checks = (_no_groups, _wrong_number, _no_structure, _no_kinds, _unstable, _irrelevant)
    faults = (fault for check in checks if (fault := check(found, min_stability)))
    return next(faults, Soundness(SOUND, _praise(found)))


def relevant(scores: Mapping[str, float]) -> bool:
    """Whether segments explain something of what comes next; true where that is not known."""
    spend, churn = (scores.get(name, NAN) for name in ("use_log_spend_r2", "use_churn_r2"))
    return spend != spend or max(spend, churn) >= IRRELEVANT


def _no_groups(scores: Mapping[str, float], min_stability: float) -> Soundness | None:  # noqa: ARG001
    if scores.get("segments_n", 2.0) >= 2:
        return None
    noise = scores.get("noise_share", 0.0)
    return Soundness(
        "no segments here", f"fewer than two segments among all customers, {noise:.0%} of them belong to no group"
    )


def _no_structure(scores: Mapping[str, float], min_stability: float) -> Soundness | None:  # noqa: ARG001
    if scores["copula_gap_low"] > 0:
        return None
    return Soundness(
        "no segments here",
        f"no structure beyond chance, silhouette gap to customers without groups {scores['copula_gap']:+.4f}, "
        f"{scores['copula_gap_low']:+.4f} beyond the best that chance reaches",
    )


def _no_kinds(scores: Mapping[str, float], min_stability: float) -> Soundness | None:  # noqa: ARG001
    """Customers of one kind, who order at random, look like segments: some have bought once, others often."""
    found, chance = scores.get("use_order_r2", NAN), scores.get("use_order_chance", NAN)
    if found != found or found >= chance + BEYOND_SHUFFLED:
        return None
    return Soundness(
        "no segments here",
        f"customers of one kind would look the same: segments explain {found:.1%} of what is in the next orders, "
        f"shuffled customers up to {chance:.1%}",
    )


def _unstable(scores: Mapping[str, float], min_stability: float) -> Soundness | None:
    if scores["jaccard_min"] >= min_stability:
        return None
    return Soundness(
        "unstable",
        f"a segment is not stable, Jaccard {scores['jaccard_min']:.2f} over bootstrap refits, "
        f"promotion.min_stability is {min_stability:g}",
    )


def _wrong_number(scores: Mapping[str, float], min_stability: float) -> Soundness | None:  # noqa: ARG001
    better, own = scores.get("better_k", NAN), scores.get("segments_n", NAN)
    if better != better or better == own:
        return None
    return Soundness(
        TOO_COARSE if better > own else TOO_FINE,
        f"{better:.0f} segments separate customers clearly better than {own:.0f}, "
        f"by {scores['better_k_by']:.3f} of silhouette, at least {scores['better_k_low']:.3f}",
    )


def _irrelevant(scores: Mapping[str, float], min_stability: float) -> Soundness | None:  # noqa: ARG001
    if relevant(scores):
        return None
    spend, churn = (scores.get(name, NAN) for name in ("use_log_spend_r2", "use_churn_r2"))
    return Soundness(
        "irrelevant",
        f"the segments explain {spend:.1%} of what customers spend in the next period and {churn:.1%} of who buys",
    )


def _praise(scores: Mapping[str, float]) -> str:
    """What speaks for the segments."""
    reason = (
        f"{scores.get('segments_n', NAN):.0f} segments, separated {scores['copula_gap_low']:+.3f} of silhouette beyond "
        f"chance; in refits the least stable keeps {scores['jaccard_min']:.0%} of its customers"
    )
    spend = scores.get("use_log_spend_r2", NAN)
    if spend == spend:
        reason += f"; they explain {spend:.0%} of what customers spend in the next period (of its logarithm)"
    order = scores.get("use_order_r2", NAN)
    if order == order:
        reason += f" and {order:.0%} of what is in their orders"
    return reason

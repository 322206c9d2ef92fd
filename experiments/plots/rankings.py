"""Plots of rankings: hits by place on the list, scores over the cutoffs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.contest import Scored
from experiments.splits import day_of
from models.charts import Chart, Panel, Series, Style, percent
from models.ranking import scores
from models.ranking.lists import LONGEST
from models.sample import Floats

PLACES = np.arange(1.0, LONGEST + 1.0)


def hits_by_place(tested: Sequence[Scored]) -> Chart:
    """Share of customers who bought the product at each place; and share of what they bought down to each place."""
    at = [Series(each.contestant.label, PLACES, hit_rate(each), _style(each, tested)) for each in tested]
    down_to = [Series(each.contestant.label, PLACES, found_down_to(each), _style(each, tested)) for each in tested]
    first, ten = percent(at[0].y[0]), percent(down_to[0].y[9])
    says = f"{first} buy the first product on their list.", f"The first ten have {ten} of what is bought."
    panels = (
        Panel("By place", "place on the list", "customers who bought it", tuple(at), y_share=True, says=says[0]),
        Panel(
            "Down to a place",
            "length of the list",
            "share of what was bought",
            tuple(down_to),
            y_share=True,
            says=says[1],
        ),
    )
    return Chart("hits_by_place", "Hits by place", panels)


def scores_by_cutoff(problem: Any, tested: Sequence[Scored]) -> Chart:
    """The main scores of each contestant at each test cutoff."""
    names = tuple(str(day_of(cutoff)) for cutoff in problem.tests)
    panels = tuple(
        Panel(words, "test cutoff", "", tuple(_line(each, name, tested) for each in tested), x_names=names)
        for name, words in scores.LINES.items()
    )
    return Chart("scores_by_cutoff", "Scores over time", panels)


def hit_rate(each: Scored) -> Floats:
    """(20,) the share of customers, over all cutoffs, who bought the product at each place."""
    pairs: Any = zip(each.outcomes, each.answers, strict=True)
    found = np.concatenate([scores.contains(outcome.bought, listed.item) for outcome, listed in pairs])
    return np.asarray(found.mean(axis=0), dtype=np.float64)


def found_down_to(each: Scored) -> Floats:
    """(20,) recall of lists cut at each place, the mean over all customers and cutoffs."""
    pairs: Any = list(zip(each.outcomes, each.answers, strict=True))
    depths = range(1, LONGEST + 1)
    return np.array([np.concatenate([scores.recall(o.bought, a, depth) for o, a in pairs]).mean() for depth in depths])


def _line(each: Scored, name: str, tested: Sequence[Scored]) -> Series:
    values = np.array([found[name] for found in each.by_cutoff])
    return Series(each.contestant.label, np.arange(len(values), dtype=np.float64), values, _style(each, tested))


def _style(each: Scored, tested: Sequence[Scored]) -> Style:
    return "ours" if each is tested[0] else "other"

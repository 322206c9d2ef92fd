"""How often segments are found where there are none, and where five are: ``python -m benchmarks.structureless``.

Customers without groups, a new draw for each seed, go the whole way of a study: a search (of the number of groups and,
where there are three dates, of the columns), the choice by the study's rule among what is sound, and the verdict.

- as features of one date: independent and correlated normal ones, uniform ones, five planted groups with every column
  shuffled, and with ``--home`` the copula of a workspace's customers;
- as orders, from which features of three dates are computed: customers who all order at one rate, and at gamma rates;
  what is in an order has nothing to do with who orders.

Five planted groups have to be found, and two or twenty-five of them to be called too coarse and too fine.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from sklearn.metrics import adjusted_rand_score

from experiments.config import Promotion, Search, Segments
from experiments.search.trials import Space, Trial, search
from experiments.segment_choice import chosen
from experiments.segment_trial import SegmentTrial
from features.engines import from_frames, to_pandas
from features.snapshot import snapshot
from models.segments import nulls, segmenter, variables
from models.segments.clusterers import Labels, clusterer
from models.segments.shared import SharedFolder
from models.segments.soundness import SOUND, Soundness, soundness
from models.segments.use import Period
from pipelines.studies import find_study
from pipelines.workspace import Workspace

CUSTOMERS = 1_000
FEATURES = ("a", "b", "c", "d", "e")
TRIALS = 12
START, DAYS = np.datetime64("2024-01-01T00:00:00", "us"), 720
BEGINS = 19_723.0  # START in days since 1970
PERIOD = 90.0


@dataclass(frozen=True)
class Shop:
    """Customers today, the periods before, if they are known, and the columns to choose from; all if none are named."""

    today: pd.DataFrame
    periods: tuple[Period, ...] = ()
    columns: tuple[str, ...] = ()


Draw = Callable[[int], Shop]


def frame(values: np.ndarray) -> Shop:
    """The customers with their features' names."""
    return Shop(pd.DataFrame(values, columns=list(FEATURES[: values.shape[1]])))


def independent(seed: int) -> Shop:
    """Independent normal features."""
    return frame(np.random.default_rng(seed).standard_normal((CUSTOMERS, 5)))


def correlated(seed: int) -> Shop:
    """Normal features with correlations between .3 and .8, exponentiated: skewed, like money."""
    root = np.random.default_rng(0).uniform(0.3, 1.0, (5, 5))
    return frame(np.exp(0.5 * np.random.default_rng(seed).standard_normal((CUSTOMERS, 5)) @ root))


def uniform(seed: int) -> Shop:
    """Independent uniform features."""
    return frame(np.random.default_rng(seed).uniform(size=(CUSTOMERS, 5)))


def planted(seed: int) -> Shop:
    """Five groups of a fifth of the customers, four standard deviations apart or more; the last column is noise."""
    rng = np.random.default_rng(seed)
    centres = 4.0 * np.array([[0, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 0, 1], [0, 0, 1, 1]])
    return frame(
        np.column_stack([centres[truth()] + rng.standard_normal((CUSTOMERS, 4)), rng.standard_normal(CUSTOMERS)])
    )


def truth() -> Labels:
    """The planted group of each customer."""
    return np.arange(CUSTOMERS) % 5


def permuted(seed: int) -> Shop:
    """The planted groups with each column shuffled."""
    rng = np.random.default_rng(seed)
    return Shop(planted(seed).today.apply(rng.permutation))


def at_one_rate(seed: int) -> Shop:
    """Everybody orders every 45 days, at random."""
    return shop_of(orders(seed, np.full(CUSTOMERS, 45.0)))


def at_gamma_rates(seed: int) -> Shop:
    """Some order more often than others, by degrees."""
    return shop_of(orders(seed, 1.0 / np.random.default_rng(seed).gamma(1.0, 1.0 / 60.0, CUSTOMERS)))


def orders(seed: int, gap_days: np.ndarray) -> pl.DataFrame:
    """Poisson orders from a first one on, of one to a few lines, drawn from the same products and prices for all."""
    rng = np.random.default_rng([seed, 1])
    whose, when = [], []
    for customer, (first, gap) in enumerate(zip(rng.uniform(0, DAYS - 20, CUSTOMERS), gap_days, strict=True)):
        gaps = rng.exponential(gap, 1 + rng.poisson(3 * DAYS / gap))
        times = first + np.concatenate([[0.0], np.cumsum(gaps)])
        times = times[times < DAYS]
        whose.append(np.full(len(times), customer))
        when.append(times)
    customer, time = np.concatenate(whose), np.concatenate(when)
    line = np.repeat(np.arange(len(customer)), 1 + rng.poisson(1.5, len(customer)))
    return pl.DataFrame(
        {
            "order_id": [f"o{number}" for number in line],
            "customer_id": [f"c{number:04d}" for number in customer[line]],
            "at": pl.Series(START + (time[line] * 86_400_000_000).astype("timedelta64[us]")),
            "product_id": [f"p{number}" for number in rng.integers(0, 300, len(line))],
            "quantity": 1.0 + rng.poisson(1.0, len(line)),
            "unit_price": rng.lognormal(2.3, 0.6, len(line)).round(2),
            "kind": "sale",
        }
    )


def shop_of(lines: pl.DataFrame) -> Shop:
    """Features of the orders at three dates."""
    dates = [BEGINS + DAYS - before for before in (2 * PERIOD, PERIOD, 0.0)]
    tables = from_frames({"orders": lines})
    frames = [to_pandas(snapshot(tables, at)).set_index("customer_id").sort_index() for at in dates]
    study = find_study(Workspace(Path("none")), "segments")
    numbers = [name for name in frames[-1] if pd.api.types.is_numeric_dtype(frames[-1][name])]
    periods = [Period(one, other.loc[one.index], PERIOD) for one, other in pairwise(frames)]
    return Shop(frames[-1], tuple(periods), study.features.select(numbers))


KINDS: dict[str, Draw] = {
    "independent normal": independent,
    "correlated, skewed": correlated,
    "uniform": uniform,
    "shuffled columns": permuted,
    "orders at one rate": at_one_rate,
    "orders at gamma rates": at_gamma_rates,
}


def copulas_of(home: Path) -> Iterator[tuple[str, Draw]]:
    """A kind that draws from the copula of a workspace's customers, in the columns that its study tries first."""
    from experiments.dataset import read_dataset
    from experiments.segment import prepare
    from pipelines.steps.dataset import build_dataset

    workspace = Workspace(home)
    study = find_study(workspace, "segments")
    problem = prepare(study, read_dataset(build_dataset(workspace, study)))  # type: ignore[arg-type]
    assert problem.ranking is not None
    columns, _ = problem.ranking.chosen({})
    rows = np.sort(np.random.default_rng(0).permutation(len(problem.customers))[:CUSTOMERS])
    some = segmenter.prepare(problem.customers[list(columns)].iloc[rows], columns)

    def draw(seed: int) -> Shop:
        (null,) = nulls.copula(some, columns, seed, 1)
        return Shop(null.X)

    yield f"copula of {home.name}", draw


def about(shop: Shop, seed: int, limits: tuple[int, int]) -> SegmentTrial:
    """The trials of a study of this shop."""
    wanted = Segments(fewest=limits[0], most=limits[1], smallest_share=0.0)
    names = shop.columns or tuple(map(str, shop.today.columns))
    ranking = variables.ranking(shop.periods, names, shop.today)
    return SegmentTrial(shop.today, names, ranking, list(shop.periods), wanted, Promotion(), seed, SharedFolder.new())


def found(shop: Shop, seed: int, limits: tuple[int, int] = (4, 10)) -> tuple[Soundness, Labels]:
    """The verdict on what a study would register, and its labels."""
    trials = about(shop, seed, limits)
    if trials.ranking is None:
        best, _ = chosen(trials, every_number(trials, limits))
        return judged(trials, best.params)
    space = Space(
        {"kmeans": clusterer("kmeans")},
        Search(trials=TRIALS, seed=seed),
        ("maximize",) * 4,
        variables,
    )
    with tempfile.TemporaryDirectory(prefix="coterie-structureless-") as place:
        tried = search(space, trials, f"sqlite:///{place}/optuna.db", "it")
    best, _ = chosen(trials, tried)
    return judged(trials, best.params)


def every_number(trials: SegmentTrial, limits: tuple[int, int]) -> list[Trial]:
    """What a search of the number of groups finds in the end."""
    now = datetime(2026, 1, 1)
    return [
        Trial(k, "kmeans", {"k": k}, *trials("kmeans", {"k": k}), "", now, now) for k in range(limits[0], limits[1] + 1)
    ]


def judged(trials: SegmentTrial, params: dict) -> tuple[Soundness, Labels]:  # type: ignore[type-arg]
    """The verdict on k-means with these parameters, and its labels."""
    model = trials.fitted("kmeans", params)
    verdict = soundness(trials.test_scores(model), trials.promotion.min_stability)
    return verdict, segmenter.assign_labels(model, trials.customers)[0]


def main() -> None:
    """Print one row a kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--home", type=Path, nargs="*", default=[])
    parser.add_argument("--kinds", nargs="*", help="Names of kinds; all if none.")
    asked = parser.parse_args()
    kinds = KINDS | {name: draw for home in asked.home for name, draw in copulas_of(home)}
    print("| customers | segments found | of | other verdicts |\n|---|---|---|---|")
    for name in asked.kinds or kinds:
        if name in kinds:
            verdicts = [found(kinds[name](1000 + seed), seed)[0].verdict for seed in range(asked.seeds)]
            others = ", ".join(f"{each} {verdicts.count(each)}" for each in sorted({*verdicts} - {SOUND}))
            print(f"| {name} | {verdicts.count(SOUND)} | {asked.seeds} | {others} |", flush=True)
    if not asked.kinds or "planted" in asked.kinds:
        report_planted(asked.seeds)


def report_planted(seeds: int) -> None:
    """Five planted groups, and wrong numbers of them."""
    ours = [found(planted(seed), seed) for seed in range(seeds)]
    five = sum(len(np.unique(label)) == 5 for _, label in ours)
    agreement = float(np.mean([adjusted_rand_score(truth(), label) for _, label in ours]))
    print(f"| five planted groups | {sum(why.verdict == SOUND for why, _ in ours)} | {seeds} | |")
    print(f"\nfive of five found in {five} of {seeds}; adjusted Rand index {agreement:.3f}")
    for k, limits in ((2, (2, 10)), (25, (4, 25))):
        verdicts = [judged(about(planted(seed), seed, limits), {"k": k})[0].verdict for seed in range(seeds)]
        print(f"{k} groups: {', '.join(f'{each} {verdicts.count(each)}' for each in sorted(set(verdicts)))}")


if __name__ == "__main__":
    main()

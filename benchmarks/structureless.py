"""How often segments are found where there are none, and where five are: ``python -m benchmarks.structureless``.

Customers without groups of six kinds, and five planted groups, a new draw for each seed. Each goes the way of a study:
k-means for every number of groups from 4 to 10, the best gap is chosen, tested against 19 draws of the copula, and has
to be stable over refits (``promotion.min_stability``). ``--home`` names workspaces with a dataset of a segment study,
whose copulas are added as kinds.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from experiments.config import Promotion, Segments
from experiments.separation import Separation
from models.segments import nulls, segmenter
from models.segments import scores as cluster_scores
from models.segments.clusterers import Labels
from models.segments.shared import SharedFolder
from models.segments.soundness import SOUND, Soundness, soundness
from pipelines.studies import find_study
from pipelines.workspace import Workspace

CUSTOMERS = 1_000
FEATURES = ("a", "b", "c", "d", "e")
ORDERS = (
    "purchase_recency_days",
    "purchase_days_n",
    "purchase_order_value_mean",
    "purchase_tenure_days",
    "purchase_spend",
)
"""What the features of random orders are called: who bought once is told by the number of days."""
Draw = Callable[[int], pd.DataFrame]


def frame(values: np.ndarray) -> pd.DataFrame:
    """The customers with their features' names."""
    return pd.DataFrame(values, columns=list(FEATURES[: values.shape[1]]))


def independent(seed: int) -> pd.DataFrame:
    """Independent normal features."""
    return frame(np.random.default_rng(seed).standard_normal((CUSTOMERS, 5)))


def correlated(seed: int) -> pd.DataFrame:
    """Normal features with correlations between .3 and .8, exponentiated: skewed, like money."""
    root = np.random.default_rng(0).uniform(0.3, 1.0, (5, 5))
    return frame(np.exp(0.5 * np.random.default_rng(seed).standard_normal((CUSTOMERS, 5)) @ root))


def uniform(seed: int) -> pd.DataFrame:
    """Independent uniform features."""
    return frame(np.random.default_rng(seed).uniform(size=(CUSTOMERS, 5)))


def orders(seed: int) -> pd.DataFrame:
    """What one kind of customer's random orders look like: Poisson purchases at gamma rates, gamma amounts."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.8, 5.0, CUSTOMERS)
    tenure = rng.uniform(30, 700, CUSTOMERS)
    days = 1 + rng.poisson(rate * tenure / 700)
    recency = np.where(days == 1, tenure, tenure * rng.beta(1, np.maximum(days - 1, 1)))
    value = rng.gamma(2.0, 20.0, CUSTOMERS)
    return pd.DataFrame(np.column_stack([recency, days, value, tenure, days * value]), columns=list(ORDERS))


def planted(seed: int) -> pd.DataFrame:
    """Five groups of a fifth of the customers, four standard deviations apart or more; the last column is noise."""
    rng = np.random.default_rng(seed)
    centres = 4.0 * np.array([[0, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 0, 1], [0, 0, 1, 1]])
    return frame(
        np.column_stack([centres[truth()] + rng.standard_normal((CUSTOMERS, 4)), rng.standard_normal(CUSTOMERS)])
    )


def truth() -> Labels:
    """The planted group of each customer."""
    return np.arange(CUSTOMERS) % 5


def permuted(seed: int) -> pd.DataFrame:
    """The planted groups with each column shuffled."""
    rng = np.random.default_rng(seed)
    return planted(seed).apply(rng.permutation)


KINDS: dict[str, Draw] = {
    "independent normal": independent,
    "correlated, skewed": correlated,
    "uniform": uniform,
    "random orders": orders,
    "shuffled columns": permuted,
}


def copulas_of(home: Path) -> Iterator[tuple[str, Draw]]:
    """A kind that draws from the copula of a workspace's customers, in the features of its segment study."""
    from experiments.dataset import read_dataset
    from experiments.segment import prepare
    from pipelines.steps.dataset import build_dataset

    workspace = Workspace(home)
    study = find_study(workspace, "segments")
    problem = prepare(study, read_dataset(build_dataset(workspace, study)))  # type: ignore[arg-type]
    chosen = np.sort(np.random.default_rng(0).permutation(len(problem.customers))[:CUSTOMERS])
    some = segmenter.prepare(problem.customers[list(problem.features)].iloc[chosen], problem.features)

    def draw(seed: int) -> pd.DataFrame:
        (null,) = nulls.copula(some, problem.features, seed, 1)
        return null.X

    yield f"copula of {home.name}", draw


def found(X: pd.DataFrame, seed: int, limits: tuple[int, int] = (4, 10)) -> tuple[Soundness, Labels]:
    """The verdict on the number of groups, within ``limits``, with the largest gap, and its labels."""
    shared = SharedFolder.new()
    evaluate = Separation(X, tuple(X.columns), Segments(fewest=limits[0], most=limits[1]), seed, shared)
    k = max(range(limits[0], limits[1] + 1), key=lambda number: evaluate("kmeans", {"k": number})[0])
    return judged(X, k, seed, shared, limits)


def judged(
    X: pd.DataFrame, k: int, seed: int, shared: SharedFolder, limits: tuple[int, int]
) -> tuple[Soundness, Labels]:
    """The verdict on k-means with this number of groups, and its labels."""
    fitted = segmenter.fit_clusters(segmenter.prepare(X, tuple(X.columns)), "kmeans", {"k": k}, seed, shared.path)
    scores = cluster_scores.clustering_scores(X, fitted, seed, memory=shared.path, limits=limits)
    return soundness(scores, Promotion().min_stability), segmenter.assign_labels(fitted, X)[0]


def main() -> None:
    """Print one row a kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--home", type=Path, nargs="*", default=[])
    asked = parser.parse_args()
    kinds = KINDS | {name: draw for home in asked.home for name, draw in copulas_of(home)}
    print("| customers | segments found | of |\n|---|---|---|")
    for name, draw in kinds.items():
        sound = sum(found(draw(1000 + seed), seed)[0].verdict == SOUND for seed in range(asked.seeds))
        print(f"| {name} | {sound} | {asked.seeds} |", flush=True)
    ours = [found(planted(seed), seed) for seed in range(asked.seeds)]
    five = sum(len(np.unique(label)) == 5 for _, label in ours)
    agreement = float(np.mean([adjusted_rand_score(truth(), label) for _, label in ours]))
    print(f"| five planted groups | {sum(why.verdict == SOUND for why, _ in ours)} | {asked.seeds} |")
    print(f"\nfive of five found in {five} of {asked.seeds}; adjusted Rand index {agreement:.3f}")
    for k, limits in ((2, (2, 10)), (25, (4, 25))):
        verdicts = [
            judged(planted(seed), k, seed, SharedFolder.new(), limits)[0].verdict for seed in range(asked.seeds)
        ]
        print(f"{k} groups: {', '.join(f'{each} {verdicts.count(each)}' for each in sorted(set(verdicts)))}")


if __name__ == "__main__":
    main()

"""How good lists are: 1 - NDCG@10 a customer, and recall, NDCG and hits at the head of the list."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from models.ranking.histories import Codes, Matrix
from models.sample import Floats, Mask
from models.scores import mean

LOSS = "ndcg_loss"
"""1 - NDCG@10: 0 if the list begins with all that is bought, 1 if its first ten have nothing of it."""
LOSS_WORDS = "1 − NDCG@10"
DEPTHS = (5, 10, 20)
DEPTH = 10
"""Of the loss, of the scores of repeats and new products, and of coverage."""
HEADLINE = ("ndcg_loss", "recall_10", "phr_10", "repeat_recall_10", "new_recall_10", "coverage_10")
LINES = {
    "ndcg_10": "NDCG@10, higher is better",
    "repeat_recall_10": "recall@10 of products bought before",
    "new_recall_10": "recall@10 of new products",
}
"""Scores to draw over the test cutoffs."""


@dataclass(frozen=True)
class Outcome:
    """What was bought (n, products), by customers who bought at least one product, and what they ``owned`` before."""

    bought: Matrix
    owned: Matrix

    def __len__(self) -> int:
        return int(self.bought.shape[0])


@dataclass(frozen=True)
class Listed:
    """Lists (n, 20) in the dataset's numbers, -1 where they end, and how many products the model knows."""

    item: Codes
    known_n: int


def loss(outcome: Outcome, listed: Listed) -> Floats:
    """1 - NDCG@10 of each customer (n,)."""
    return 1.0 - ndcg(outcome, listed, DEPTH)


def ndcg(outcome: Outcome, listed: Listed, depth: int) -> Floats:
    """NDCG of each customer (n,): gains of 0 and 1, discounted by log2(rank + 1), over those of the ideal list."""
    discount = 1.0 / np.log2(np.arange(depth) + 2.0)
    ideal = np.concatenate([[0.0], np.cumsum(discount)])
    hits = contains(outcome.bought, listed.item)[:, :depth]
    gained = (hits * discount[: hits.shape[1]]).sum(axis=1)
    return np.asarray(gained / ideal[np.minimum(_n(outcome.bought), depth)], dtype=np.float64)


def recall(bought: Matrix, listed: Listed, depth: int) -> Floats:
    """Share of what was bought that stands among the first ``depth`` (n,); nan for who bought nothing."""
    n = _n(bought)
    found = contains(bought, listed.item)[:, :depth].sum(axis=1)
    shares: Floats = np.divide(found, n, out=np.full(len(n), np.nan), where=n > 0)
    return shares


def scores(outcome: Outcome, listed: Listed) -> dict[str, float]:
    """All scores by name: means over customers; those of repeats and new products over who bought such a one."""
    repeat = outcome.bought.multiply(outcome.owned).tocsr()
    new = (outcome.bought - repeat).tocsr()
    found = {LOSS: mean(loss(outcome, listed))}
    for depth in DEPTHS:
        found |= {
            f"recall_{depth}": mean(recall(outcome.bought, listed, depth)),
            f"ndcg_{depth}": mean(ndcg(outcome, listed, depth)),
            f"phr_{depth}": float(contains(outcome.bought, listed.item)[:, :depth].any(axis=1).mean()),
        }
    for name, part in (("repeat", repeat), ("new", new)):
        each = recall(part, listed, DEPTH)
        found[f"{name}_recall_{DEPTH}"] = mean(each[~np.isnan(each)])
    head = listed.item[:, :DEPTH]
    found[f"coverage_{DEPTH}"] = len(np.unique(head[head >= 0])) / max(listed.known_n, 1)
    return found


def contains(matrix: Matrix, item: Codes) -> Mask:
    """(n, k) whether the row of ``matrix`` has an entry at each of its products; -1 is nothing."""
    rows, width = np.arange(len(item), dtype=np.int64)[:, None], matrix.shape[1]
    there = matrix.tocoo()
    keys = np.sort(there.row[there.data != 0].astype(np.int64) * width + there.col[there.data != 0])
    return np.isin(rows * width + item, keys) & (item >= 0)


def _n(matrix: Matrix) -> np.ndarray:
    """Entries of each row that are not 0."""
    found = csr_matrix(matrix)
    found.eliminate_zeros()
    return np.diff(found.indptr)

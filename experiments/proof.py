"""What a test must rest on: enough customers, and enough of either outcome, at every test cutoff.

On fewer, a bootstrap interval over customers is narrow for no reason: of one customer it is a single number.
"""

from collections.abc import Sequence

from experiments.dataset import Dataset
from experiments.splits import day_of
from features.errors import HistoryTooShort
from models.question import Question
from models.targets import target

CUSTOMERS_MIN = 50
OUTCOME_MIN = 10


def require_proof(question: Question, dataset: Dataset, tests: Sequence[float]) -> None:
    """HistoryTooShort if a test cutoff has fewer than ``CUSTOMERS_MIN`` customers or ``OUTCOME_MIN`` of an outcome."""
    kind = target(question.target)
    y = kind.labels(dataset.frame["label"].to_numpy(dtype=float), question)
    for cutoff in tests:
        at = dataset.as_of == cutoff
        customers, rarer = int(at.sum()), kind.rarer_outcome(y[at], question) if at.any() else 0
        if customers < CUSTOMERS_MIN or rarer < OUTCOME_MIN:
            raise HistoryTooShort(
                f"test cutoff {day_of(cutoff)} has {customers} customers, {rarer} of them with the rarer outcome of "
                f"{question.task}, but {CUSTOMERS_MIN} and {OUTCOME_MIN} are needed to prove anything: look in the "
                "audit for customers who never order again or a stray late order, then correct the source, load more "
                "history or change the study's horizon_days"
            )

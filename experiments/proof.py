"""What a test must rest on: enough customers, and enough of either outcome, at every test cutoff or in all folds.

On fewer, a bootstrap interval over customers is narrow for no reason: of one customer it is a single number.
"""

from collections.abc import Mapping

from experiments.dataset import Dataset
from features.errors import HistoryTooShort
from models.question import Question
from models.sample import Mask
from models.targets import target

CUSTOMERS_MIN = 50
OUTCOME_MIN = 10


def require_proof(question: Question, dataset: Dataset, tests: Mapping[str, Mask]) -> None:
    """HistoryTooShort if a test has fewer than ``CUSTOMERS_MIN`` customers or ``OUTCOME_MIN`` of an outcome.

    ``tests``: what each is called, and a mask of its rows of the dataset.
    """
    kind = target(question.target)
    y = kind.labels(dataset.frame["label"].to_numpy(dtype=float), question)
    for name, at in tests.items():
        customers, rarer = int(at.sum()), kind.rarer_outcome(y[at], question) if at.any() else 0
        if customers < CUSTOMERS_MIN or rarer < OUTCOME_MIN:
            raise HistoryTooShort(
                f"{name} has {customers} customers, {rarer} of them with the rarer outcome of {question.task}, but "
                f"{CUSTOMERS_MIN} and {OUTCOME_MIN} are needed to prove anything: look in the audit for customers who "
                "never order again or a stray late order, then correct the source, load more history or change the "
                "study's horizon_days"
            )

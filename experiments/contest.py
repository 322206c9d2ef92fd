"""Contestants of a study: the tuned model, the same untuned, the baselines, and what a test found of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.charts import Forecasts
from models.sample import Floats

TUNED = "tuned"
UNTUNED = "untuned"
BASELINE = "baseline"


@dataclass(frozen=True)
class Contestant:
    """A learner or clusterer with parameters, in the role it plays: tuned, untuned or baseline."""

    role: str
    candidate: str
    params: Mapping[str, Any]

    @property
    def name(self) -> str:
        """``tuned lightgbm``, ``untuned lightgbm``, ``baseline logistic``."""
        return f"{self.role} {self.candidate}"

    @property
    def label(self) -> str:
        """As pictures write it: ``lightgbm (tuned)``, ``lightgbm (untuned)``, ``logistic``."""
        return self.candidate if self.role == BASELINE else f"{self.candidate} ({self.role})"


@dataclass(frozen=True)
class Scored:
    """A contestant after its test.

    ``scores`` are the test's; for a predictor means over the test cutoffs, of which ``by_cutoff`` has each. Its
    ``outcomes`` and ``answers`` are labels and answers, one array a cutoff, oldest first; ``model`` is the one fitted
    for the newest cutoff. A segmentation is tested once and has no cutoffs.
    """

    contestant: Contestant
    model: Any
    scores: dict[str, float]
    seconds: float
    cutoffs: Sequence[float] = ()
    by_cutoff: Sequence[dict[str, float]] = ()
    outcomes: Sequence[Floats] = ()
    answers: Sequence[Floats] = ()

    def forecasts(self, ours: bool) -> Forecasts:
        """What charts show of it; ``ours`` is the one that is registered."""
        return Forecasts(self.contestant.label, ours, self.outcomes, self.answers)


def contestants(
    candidate: str, params: Mapping[str, Any], defaults: Mapping[str, Any], baselines: Iterable[str]
) -> list[Contestant]:
    """The tuned model first, the same without tuning if that is another, then the baselines."""
    untuned = [Contestant(UNTUNED, candidate, {})] if dict(params) != dict(defaults) else []
    plain = [Contestant(BASELINE, name, {}) for name in baselines if name != candidate]
    return [Contestant(TUNED, candidate, params), *untuned, *plain]

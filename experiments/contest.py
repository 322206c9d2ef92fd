"""Contestants of a study: the tuned model, the same untuned and the baselines, with their test results."""

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
        """As plots label it: ``lightgbm (tuned)``, ``lightgbm (untuned)``, ``last horizon``."""
        words = self.candidate.replace("_", " ")
        return words if self.role == BASELINE else f"{words} ({self.role})"


@dataclass(frozen=True)
class Scored:
    """A contestant after its test.

    For a predictor, ``scores`` are means over the test cutoffs. ``by_cutoff`` has the scores, ``outcomes`` the labels
    and ``answers`` the answers at each cutoff, oldest first; ``model`` was fitted for the newest cutoff. A segmentation
    is tested once, without cutoffs. ``seconds`` is the duration of the test.
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
        """Its answers and the labels, for charts; ``ours`` marks the model to register."""
        return Forecasts(self.contestant.label, ours, self.outcomes, self.answers)


def contestants(
    candidate: str, params: Mapping[str, Any], defaults: Mapping[str, Any], baselines: Iterable[str]
) -> list[Contestant]:
    """The tuned model first, then the same with default parameters if these differ, then the baselines."""
    untuned = [Contestant(UNTUNED, candidate, {})] if dict(params) != dict(defaults) else []
    plain = [Contestant(BASELINE, name, {}) for name in baselines if name != candidate]
    return [Contestant(TUNED, candidate, params), *untuned, *plain]

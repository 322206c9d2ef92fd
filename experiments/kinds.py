"""The kinds of studies: prediction, segmentation and ranking are modules with the same functions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

import pandas as pd

from experiments import predict, rank, segment
from experiments.contest import Contestant, Scored
from experiments.dataset import Dataset
from experiments.search.trials import Trial
from experiments.study import Study
from experiments.verdict import Verdict
from features.engines import Tables
from features.windows import Frame
from models.artifact import Loaded
from models.question import Question
from models.sample import Floats

if TYPE_CHECKING:
    from experiments.search.objective import Evaluate


class Kind(Protocol):
    """What ``predict``, ``segment`` and ``rank`` define. A ``problem``: a study and its dataset, of its own type."""

    DIRECTIONS: tuple[Literal["minimize", "maximize"], ...]
    """For each of a trial's values, whether the lower or the higher one is better."""

    SNAPSHOTS: bool
    """Whether rows are made of snapshots; if not, ``rows`` is given only the ids of the buyers in them."""

    def question(self, study: Any) -> Question | None:
        """The question that the dataset's labels answer; None without labels."""

    def cutoffs(self, study: Any, first_at: float, last_at: float) -> list[float]:
        """The dataset's cutoffs, from the times of the first and last order; all in days since 1970-01-01 UTC."""

    def columns(self, study: Any, features: tuple[str, ...]) -> tuple[str, ...]:
        """The columns of ``rows`` beside the keys; ``features`` are all that the tables give."""

    def products(self, study: Any, tables: Tables) -> pd.DataFrame | None:
        """The catalogue [product_id, name, category] that the dataset keeps; None if the study needs none."""

    def rows(self, study: Any, snapshot: Frame, tables: Tables, as_of: float) -> Frame:
        """The dataset's rows at one cutoff, from the snapshot at it."""

    def candidates(self, study: Any) -> tuple[str, ...]:
        """Names of the learners or clusterers that the search chooses among."""

    def candidate(self, name: str) -> Any:
        """The learner or clusterer of this name, with its ``DEFAULTS`` and ``space``."""

    INHERITS: bool
    """Whether the model depends on the champion in force, as segments do, which keep its ids."""
    SLICED: bool
    """Whether its scores are also given by segment in force, which its problem then knows."""

    def prepare(self, study: Any, dataset: Dataset, champion: Loaded | None = None) -> Any:
        """The problem; BadInput if the dataset cannot answer the study, before anything is started."""

    def common(self, problem: Any) -> Any:
        """The ``DEFAULTS`` and ``space`` of parameters that all candidates share; None if they share none."""

    def evaluation(self, problem: Any) -> "Evaluate":
        """A function from a candidate and its parameters to the trial's value and scores; it can be pickled."""

    def choose(self, problem: Any, trials: Sequence[Trial]) -> tuple[Trial, str]:
        """The trial to test and register, and why."""

    def test(self, problem: Any, entrants: Sequence[Contestant], workers: int) -> tuple[list[Scored], str]:
        """All contestants after their tests, the one to register first; and the reason if that is not the tuned one."""

    def metrics(self, problem: Any, tested: Sequence[Scored]) -> dict[str, float]:
        """Further metrics of the model that the run records beside its scores."""

    def facts(self, problem: Any, ours: Scored) -> dict[str, Any]:
        """The model's origin for the artifact's manifest; equal for equal models, so without the time of the run."""

    def evidence(self, problem: Any, tested: Sequence[Scored]) -> dict[str, list[Floats]]:
        """The test's losses by contestant, stored so that the gate need not repeat the test."""

    def pictures(self, problem: Any, folder: Path, title: str, tested: Sequence[Scored]) -> None:
        """Draw the plots as PNG files into ``folder``."""

    def tables(self, problem: Any, tested: Sequence[Scored]) -> dict[str, dict[str, list[Any]]]:
        """Columns by file name, which the UI shows for several runs side by side."""

    def in_short(self, problem: Any, tested: Sequence[Scored]) -> str:
        """The verdict in a few sentences of Markdown, which the run's page begins with; may be empty."""

    def summary(self, problem: Any, tested: Sequence[Scored]) -> tuple[str, list[str]]:
        """A sentence on how the scores were made, and further lines of Markdown, for the run's page."""

    def judge(self, problem: Any, ours: Loaded, theirs: Loaded | None, found: Mapping[str, list[Floats]]) -> Verdict:
        """The verdict on the challenger, ``ours``; ``theirs`` is the champion, ``found`` the challenger's evidence."""


KINDS: dict[str, Kind] = {"predict": cast(Kind, predict), "segment": cast(Kind, segment), "rank": cast(Kind, rank)}


def kind_of(study: Study) -> Kind:
    """The module with the functions of the study's kind."""
    return KINDS[study.kind]

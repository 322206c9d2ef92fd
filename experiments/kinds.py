"""The two kinds of studies, asked for once: prediction and segmentation are modules with the same functions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from experiments import predict, segment
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
    """What ``predict`` and ``segment`` define. A ``problem`` is a study put to a dataset, each kind has its own."""

    DIRECTION: Literal["minimize", "maximize"]
    """Which value of a trial is better."""

    def question(self, study: Any) -> Question | None:
        """What the dataset's labels answer; None without labels."""

    def cutoffs(self, study: Any, first_at: float, last_at: float) -> list[float]:
        """Dates at which the dataset looks at its customers; times of the first and last order in days."""

    def rows(self, study: Any, snapshot: Frame, tables: Tables, as_of: float) -> Frame:
        """The dataset's rows at one cutoff, from its snapshot."""

    def candidates(self, study: Any) -> tuple[str, ...]:
        """Names of the plug-ins the search chooses among."""

    def candidate(self, name: str) -> Any:
        """The learner or clusterer of this name: ``DEFAULTS`` and ``space``."""

    def prepare(self, study: Any, dataset: Dataset) -> Any:
        """The problem; refuses a dataset that cannot answer the study before anything is started."""

    def evaluation(self, problem: Any) -> "Evaluate":
        """What a trial is worth: a function of candidate and parameters that other processes can run."""

    def choose(self, problem: Any, trials: Sequence[Trial]) -> tuple[Trial, str]:
        """The trial to test and register, and why."""

    def test(self, problem: Any, entrants: Sequence[Contestant], workers: int) -> tuple[list[Scored], str]:
        """Every contestant tested, the one to register first; a sentence if that is not the tuned one."""

    def metrics(self, problem: Any, tested: Sequence[Scored]) -> dict[str, float]:
        """What the run records of the model, beside its scores."""

    def facts(self, problem: Any, ours: Scored) -> dict[str, Any]:
        """What the artifact's manifest says of its origin; the same for the same model, so without times of day."""

    def evidence(self, problem: Any, tested: Sequence[Scored]) -> dict[str, list[Floats]]:
        """What the gate needs of the test, by contestant, so that it need not be repeated."""

    def pictures(self, problem: Any, folder: Path, title: str, tested: Sequence[Scored]) -> None:
        """Plots as PNG in ``folder``."""

    def summary(self, problem: Any, tested: Sequence[Scored]) -> tuple[str, list[str]]:
        """How the scores were made, in a sentence, and further lines of Markdown for the run's page."""

    def judge(self, problem: Any, ours: Loaded, theirs: Loaded | None, found: Mapping[str, list[Floats]]) -> Verdict:
        """Challenger against baselines and champion; ``found`` is the evidence of the challenger's run."""


KINDS: dict[str, Kind] = {"predict": cast(Kind, predict), "segment": cast(Kind, segment)}


def kind_of(study: Study) -> Kind:
    """The functions of the study's kind."""
    return KINDS[study.kind]

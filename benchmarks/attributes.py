"""What attributes of customers add: ``python -m benchmarks.attributes --home HOME [--study churn ...] [--trials 12]``.

Each study is searched and tested four times on the same cutoffs, rows, seed and number of trials:

- ``none``: without any column of the profile or of a declared attribute;
- ``has profile``: only whether there is a profile, which alone may say much where few customers gave one;
- ``open``: with all that a pattern includes;
- ``protected``: with the protected ones too, named.

Behind each, its lead over ``none``: the difference of the loss and of AUC over the test cutoffs, customers resampled
whole; above 0 the attributes help. Of segments, how the groups change.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from benchmarks.shop import workspace_of
from experiments import predict
from experiments.contest import TUNED, Contestant, Scored
from experiments.dataset import Dataset, read_dataset
from experiments.kinds import kind_of
from experiments.rolling import Problem, losses, rolling_test
from experiments.search.trials import Space, search
from experiments.study import PredictStudy, Study
from experiments.verdict import Difference
from features.families import is_protected
from features.indicators import split
from models.curves import happened
from models.scores import roc_auc
from models.segments.segmenter import assign_labels
from pipelines.steps.dataset import build_dataset
from pipelines.studies import find_study
from pipelines.workspace import Workspace

FAMILIES = ("profile", "level", "ordered")
HAS_PROFILE = "profile_is_business"
"""Null without a profile; on data about people 0 with one."""
DRAWS = 200


@dataclass(frozen=True)
class Arm:
    """One choice of columns, and what its model found; ``scored`` holds answers at each test cutoff."""

    name: str
    study: Study
    columns: int
    scored: Scored


def attributes_of(dataset: Dataset) -> list[str]:
    """The dataset's columns about who customers are, text by its name."""
    names = dict.fromkeys(split(name)[0] for name in dataset.features)
    return [name for name in names if name.partition("_")[0] in FAMILIES]


def believed(dataset: Dataset) -> Dataset:
    """The dataset as if the source had declared that its attributes were known all along."""
    return replace(dataset, facts={name: fact for name, fact in dataset.facts.items() if name != "undated"})


def choices(study: Study, dataset: Dataset) -> dict[str, Study]:
    """The study with each choice of columns."""
    there = attributes_of(dataset)
    open_ = [name for name in there if not is_protected(name)]
    wanted: dict[str, list[str]] = {"none": [], "has profile": [HAS_PROFILE], "open": open_, "protected": there}
    return {name: _reading(study, there, names) for name, names in wanted.items()}


def _reading(study: Study, there: Sequence[str], names: Sequence[str]) -> Study:
    """The study with these of the attributes ``there`` are, and no others."""
    features, without = study.features, [name for name in there if name not in names]
    chosen = {"include": (*features.include, *names), "exclude": (*features.exclude, *without)}
    return study.model_copy(update={"features": features.model_copy(update=chosen)})


def tried(name: str, study: Study, dataset: Dataset, scratch: Path) -> Arm:
    """The study's own search, then its test."""
    kind = kind_of(study)
    problem = kind.prepare(study, dataset)
    each = {one: kind.candidate(one) for one in kind.candidates(study)}
    space = Space(each, study.search, kind.DIRECTIONS, kind.common(problem))
    found = search(space, kind.evaluation(problem), f"sqlite:///{scratch / f'{name}.db'}", study.name)
    chosen, _ = kind.choose(problem, found)
    contestant = Contestant(TUNED, chosen.candidate, chosen.params)
    if study.kind == "predict":
        scored = rolling_test(problem, contestant)
    else:
        (scored, *_), _ = kind.test(problem, [contestant], 1)
    return Arm(name, study, len(study.features.select(dataset.features)), scored)


def predicted(arms: Sequence[Arm], dataset: Dataset) -> Iterator[str]:
    """A line of the table an arm."""
    study = arms[0].study
    assert isinstance(study, PredictStudy)
    problem = predict.prepare(study, dataset)
    customer, loss = problem.customers_at(problem.tests), problem.target.LOSS
    aucs = [name for name in problem.target.headline(problem.question) if name.startswith("roc_auc")]
    yield f"| columns | n | {loss} | lead | " + " | ".join(f"{name} | lead" for name in aucs) + " |"
    yield "|---" * (4 + 2 * len(aucs)) + "|"
    base = arms[0].scored
    for arm in arms:
        gain = np.concatenate(losses(problem, base)) - np.concatenate(losses(problem, arm.scored))
        leads: list[Difference | str] = [predict.difference(problem, gain, customer)]
        leads += [auc_lead(problem, customer, arm.scored, base, k) for k in range(len(aucs))]
        shown = ["–"] * len(leads) if arm is arms[0] else leads
        cells = [f"{arm.scored.scores[name]:.4f} | {lead}" for name, lead in zip((loss, *aucs), shown, strict=True)]
        yield f"| {arm.name} | {arm.columns} | " + " | ".join(cells) + " |"


def auc_lead(problem: Problem, customer: NDArray[np.int64], ours: Scored, base: Scored, k: int) -> Difference:
    """The difference in AUC at horizon ``k``, mean over the test cutoffs, with the study's interval over customers."""
    ends = np.cumsum([len(y) for y in ours.outcomes])[:-1]
    who = np.split(customer, ends)
    seen = [happened(y, problem.question.horizons)[:, k] if y.ndim > 1 else y for y in ours.outcomes]
    answers = [(ours.answers[i][:, k], base.answers[i][:, k]) for i in range(len(seen))]

    def difference(times: NDArray[np.int64]) -> float:
        drawn = [np.repeat(np.arange(len(each)), times[each]) for each in who]
        pairs = zip(seen, answers, drawn, strict=True)
        return float(np.mean([roc_auc(y[at], a[at]) - roc_auc(y[at], b[at]) for y, (a, b), at in pairs]))

    n = int(customer.max()) + 1
    random = np.random.default_rng(problem.search.seed)
    resampled = [difference(np.bincount(random.integers(n, size=n), minlength=n)) for _ in range(DRAWS)]
    edge = (1 - problem.promotion.confidence) / 2
    low, high = np.quantile(resampled, (edge, 1 - edge))
    return Difference(difference(np.ones(n, dtype=np.int64)), float(low), float(high))


def segmented(arms: Sequence[Arm], dataset: Dataset) -> Iterator[str]:
    """A line of the table an arm; ``same`` is the adjusted Rand index with the segments of the first."""
    yield "| columns | n | clusterer | segments | silhouette gap | smallest Jaccard | same |"
    yield "|---" * 7 + "|"
    labels = [assign_labels(arm.scored.model, dataset.inputs)[0] for arm in arms]
    for arm, label in zip(arms, labels, strict=True):
        found, model = arm.scored.scores, arm.scored.model
        scores = f"{found['copula_gap']:.3f} | {found['jaccard_min']:.2f} | {adjusted_rand_score(labels[0], label):.2f}"
        yield f"| {arm.name} | {len(model.features)} | {model.clusterer} | {len(model.catalogue)} | {scores} |"


def main() -> None:
    """Print one table a study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="workspace with canonical tables; a simulated shop if none")
    parser.add_argument("--study", nargs="+", default=["churn", "next_purchase", "segments"])
    parser.add_argument("--trials", type=int, default=12)
    chosen = parser.parse_args()
    with workspace_of(chosen.home) as workspace:
        for name in chosen.study:
            report(workspace, find_study(workspace, name).adjusted(trials=chosen.trials))


def report(workspace: Workspace, study: Study) -> None:
    """Print the table of one study."""
    dataset = believed(read_dataset(build_dataset(workspace, study)))
    with tempfile.TemporaryDirectory() as scratch:
        arms = [tried(arm, each, dataset, Path(scratch)) for arm, each in choices(study, dataset).items()]
    print(f"\n{study.name}, {study.search.trials} trials, seed {study.search.seed}")
    for line in (predicted if study.kind == "predict" else segmented)(arms, dataset):
        print(line, flush=True)


if __name__ == "__main__":
    main()

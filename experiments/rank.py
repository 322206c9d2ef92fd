"""Ranking studies: search for a ranker's parameters, test at rolling origins beside baselines, judge by NDCG.

The functions are those of ``experiments.kinds.Kind``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from experiments.contest import BASELINE, TUNED, Contestant, Scored
from experiments.dataset import Dataset
from experiments.predict import check_validation, tests_among
from experiments.prediction_page import spread
from experiments.prediction_verdict import learned_too_late, worse_now
from experiments.proof import CUSTOMERS_MIN
from experiments.rank_problem import Problem, RankValidation, loss_of_artifact, losses, tested_all
from experiments.search.trials import Trial, best
from experiments.splits import day_of, study_cutoffs
from experiments.study import RankStudy
from experiments.verdict import Verdict, decide
from features.engines import Tables, on_polars, to_pandas
from features.errors import BadInput, HistoryTooShort
from features.item_history import COLUMN, item_histories
from features.windows import Frame
from models.artifact import Loaded
from models.question import Question
from models.ranking import scores
from models.ranking.learners import Ranker, ranker_of
from models.sample import Floats
from models.tasks import NEXT_ITEMS
from models.tasks._products import next_items

DIRECTIONS = ("minimize",)
SNAPSHOTS = False
INHERITS = False
SLICED = False


def question(study: RankStudy) -> Question:
    """Which products, within the horizon."""
    return study.question


def cutoffs(study: RankStudy, first_at: float, last_at: float) -> list[float]:
    """Calendar dates with complete labels."""
    return study_cutoffs(study.cutoffs, study.horizon_days, first_at, last_at)


def columns(study: RankStudy, features: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001 - it reads no features
    """What was bought before, and what after."""
    return (COLUMN, NEXT_ITEMS)


def products(study: RankStudy, tables: Tables) -> pd.DataFrame | None:  # noqa: ARG001
    """Names and categories, for people."""
    if "products" not in tables:
        return None
    return to_pandas(tables["products"].select("product_id", "name", "category").sort("product_id"))


def rows(study: RankStudy, snapshot: Frame, tables: Tables, as_of: float) -> Frame:
    """Everybody with an order: their history, the products they bought next, and as label the number of these."""
    ids = on_polars(snapshot.select("customer_id"))
    before = item_histories(tables, as_of, nw.from_native(ids.lazy()))
    after = next_items(tables, as_of, study.horizon_days, study.wanted)
    found = ids.join(before, on="customer_id", how="left").join(after, on="customer_id", how="left").lazy()
    return nw.from_native(found).with_columns(as_of=nw.lit(as_of), label=nw.col("label").fill_null(0.0))


def candidates(study: RankStudy) -> tuple[str, ...]:
    """The study's rankers."""
    return study.learners


def candidate(name: str) -> Ranker:
    """The ranker."""
    return ranker_of(name)


def common(problem: Problem) -> None:
    """Rankers share no parameters."""


def prepare(study: RankStudy, dataset: Dataset, champion: Loaded | None = None) -> Problem:  # noqa: ARG001
    """The problem; BadInput if the dataset was made for another question, HistoryTooShort if it can prove nothing."""
    if dataset.question != study.question:
        raise BadInput(
            f"the dataset answers {dataset.question}, study {study.name} asks for {study.question}: "
            "make a dataset for this study with `coterie dataset`"
        )
    tests = tests_among(dataset, study.horizon_days, study.cutoffs.test)
    check_validation(dataset.cutoffs, tests[0], study.horizon_days)
    problem = Problem(study, dataset, tuple(tests))
    for cutoff in tests:
        if (buyers := len(problem.scored(cutoff))) < CUSTOMERS_MIN:
            raise HistoryTooShort(
                f"{buyers} customers bought a product within {study.horizon_days:g} days of {day_of(cutoff)}, "
                f"{CUSTOMERS_MIN} are needed to prove anything: load more history or lengthen horizon_days"
            )
    return problem


def evaluation(problem: Problem) -> RankValidation:
    """Mean loss over the validation folds."""
    return RankValidation(problem)


def choose(problem: Problem, trials: Sequence[Trial]) -> tuple[Trial, str]:
    """The best trial if it is proven better than the first guess (the champion's parameters, else the defaults)."""
    first, top = trials[0], best(trials, *DIRECTIONS)
    if problem.study.search.accept == "best" or first.value is None or top is first:
        return top, f"trial {top.slot} is the best of {len(trials)}"
    validation = RankValidation(problem)
    each = (t.losses if t.losses is not None else validation(t.candidate, t.params)[2] for t in (first, top))
    found = problem.difference(np.subtract(*each), validation.cutoffs, validation.rows)
    than = f"than the first guess by {found} {scores.LOSS_WORDS}"
    if found.low > 0:
        return top, f"trial {top.slot} of {len(trials)} is better {than}"
    return first, f"the first guess stays: trial {top.slot} of {len(trials)} is better {than}, which proves nothing"


def test(problem: Problem, entrants: Sequence[Contestant], workers: int) -> tuple[list[Scored], str]:
    """All contestants at every test cutoff, the one to register first.

    The simpler ranker wins unless the other proves itself; one that gives everybody the same list never stands in.
    """
    tested = tested_all(problem, entrants, workers)
    own = np.concatenate(losses(tested[0]))
    leads = [
        (problem.difference(np.concatenate(losses(other)) - own, problem.tests), other)
        for other in tested
        if other.contestant.role == BASELINE and other.contestant.candidate != "popularity"
    ]
    unbeaten = [(lead, other) for lead, other in leads if not lead.low > 0]
    if not unbeaten:
        return tested, ""
    lead, chosen = min(unbeaten, key=lambda each: each[0].mean)
    why = f"{tested[0].contestant.name} is not proven better than {chosen.contestant.candidate}: "
    why += f"{scores.LOSS_WORDS} advantage {lead}"
    return [chosen, *(each for each in tested if each is not chosen)], why


def metrics(problem: Problem, tested: Sequence[Scored]) -> dict[str, float]:
    """Lowest and highest scores over the test cutoffs; at the newest, the model's advantage over each contestant."""
    found = {f"test_{name}": value for name, value in spread(tested[0].by_cutoff, tuple(scores.LINES)).items()}
    for other in tested[1:]:
        lead = problem.difference(losses(other)[-1] - losses(tested[0])[-1], problem.tests[-1:])
        prefix = f"newest_{scores.LOSS}_advantage_over/{other.contestant.name.replace(' ', '_')}"
        found |= {prefix: lead.mean, f"{prefix}_low": lead.low, f"{prefix}_high": lead.high}
    return found


def facts(problem: Problem, ours: Scored) -> dict[str, Any]:  # noqa: ARG001
    """The training window and the test cutoffs, as dates."""
    newest = str(day_of(problem.tests[-1]))
    window = {"first_cutoff": newest, "last_cutoff": newest, "labels_end": newest}
    return {"training_window": window, "test_cutoffs": [str(day_of(cutoff)) for cutoff in problem.tests]}


def evidence(problem: Problem, tested: Sequence[Scored]) -> dict[str, list[Floats]]:  # noqa: ARG001
    """By contestant, losses per row at each test cutoff."""
    return {each.contestant.name: losses(each) for each in tested}


def pictures(problem: Problem, folder: Path, title: str, tested: Sequence[Scored]) -> None:
    """Hits by place on the list, repeats and new products apart; scores over the cutoffs."""
    from experiments.plots import charts, rankings

    for chart in (rankings.hits_by_place(tested), rankings.scores_by_cutoff(problem, tested)):
        charts.draw(folder / f"{chart.name}.png", chart, title)


def tables(problem: Problem, tested: Sequence[Scored]) -> dict[str, dict[str, list[Any]]]:  # noqa: ARG001
    """None: the scores are metrics, which the UI compares by itself."""
    return {}


def in_short(problem: Problem, tested: Sequence[Scored]) -> str:  # noqa: ARG001
    """How many products of ten on a list are bought, beside the best baseline."""
    ours, others = tested[0].scores, [each for each in tested[1:] if each.contestant.role == BASELINE]
    words = f"**Recall at 10: {ours['recall_10']:.1%}** of what is bought within the horizon stands among the first ten"
    if not others:
        return f"{words}."
    best_ = max(others, key=lambda each: each.scores["recall_10"])
    return f"{words}; the best baseline, {best_.contestant.label}, has {best_.scores['recall_10']:.1%}."


def summary(problem: Problem, tested: Sequence[Scored]) -> tuple[str, list[str]]:
    """The test cutoffs, and who was scored."""
    dates = ", ".join(str(day_of(cutoff)) for cutoff in tested[0].cutoffs)
    buyers = sum(len(problem.scored(cutoff)) for cutoff in problem.tests)
    wanted = "in the next order" if problem.study.wanted == "next_order" else "within the horizon"
    return (
        f"Means over the test cutoffs {dates}, {buyers:,} customers who bought something {wanted}; "
        "each model knew only what had happened by the cutoff.",
        [],
    )


def judge(problem: Problem, ours: Loaded, theirs: Loaded | None, found: Mapping[str, list[Floats]]) -> Verdict:
    """Compare losses: with baselines over all test cutoffs, with the champion at the newest, unseen by both models."""
    if why := learned_too_late(problem, {"challenger": ours, "champion": theirs}):  # type: ignore[arg-type]
        return Verdict(False, why)
    name, others = ours.model.learner, [b for b in problem.study.baselines if b != ours.model.learner]
    role = BASELINE if name in problem.study.baselines else TUNED
    own = [*recalled(problem, Contestant(role, name, ours.model.params), found)[:-1], loss_of_artifact(problem, ours)]
    gains = {
        other: [
            one - mine for one, mine in zip(recalled(problem, Contestant(BASELINE, other, {}), found), own, strict=True)
        ]
        for other in others
    }
    newest = {other: problem.difference(gain[-1], problem.tests[-1:]) for other, gain in gains.items()}
    if verdict := worse_now(problem, newest):  # type: ignore[arg-type]
        return verdict
    pooled = {other: problem.difference(np.concatenate(gain), problem.tests) for other, gain in gains.items()}
    champion = problem.difference(loss_of_artifact(problem, theirs) - own[-1], problem.tests[-1:]) if theirs else None
    return decide(problem.study.promotion, scores.LOSS_WORDS, pooled, champion)


def recalled(problem: Problem, contestant: Contestant, found: Mapping[str, list[Floats]]) -> list[Floats]:
    """The contestant's losses at each test cutoff, from the run's evidence or else from a new test."""
    return found[contestant.name] if contestant.name in found else losses(tested_all(problem, [contestant], 1)[0])

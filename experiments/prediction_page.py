"""What a run shows of a prediction: metrics, facts, pictures, tables and the verdict in words."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.contest import Scored
from experiments.plots.predictions_page import Beside, Contents, predictions_page
from experiments.prediction_verdict import difference
from experiments.probe import probe
from experiments.profit import Profit, best_cut, profits
from experiments.reasons import reasons_plot, said_by_family
from experiments.reliability import ALL, Reliability, in_words, reliability
from experiments.rolling import Problem, losses
from experiments.slices import scores_by_slice
from experiments.splits import day_of
from models.question import Question
from models.sample import Floats
from models.tasks import task

WEAK = (0.8, 1.25)
"""Levels, predicted over observed, outside which a slice is named in the verdict."""


def metrics(problem: Problem, tested: Sequence[Scored]) -> dict[str, float]:
    """Lowest and highest scores over the test cutoffs; at the newest, the model's advantage over each contestant."""
    ours, kind = tested[0], problem.target
    found = spread(ours.by_cutoff, tuple(kind.lines(problem.question)))
    newest = problem.customers_at(problem.tests[-1:])
    for other in tested[1:]:
        lead = difference(problem, losses(problem, other)[-1] - losses(problem, ours)[-1], newest)
        prefix = f"newest_{kind.LOSS}_advantage_over/{other.contestant.name.replace(' ', '_')}"
        found |= {prefix: lead.mean, f"{prefix}_low": lead.low, f"{prefix}_high": lead.high}
    found = {f"test_{name}" if name.endswith(("_lowest", "_highest")) else name: v for name, v in found.items()}
    return found | probed(problem) | calibrated(problem, ours)


def probed(problem: Problem) -> dict[str, float]:
    """What the leak probe found: the best AUC of a single feature, and that of shuffled labels; nan is left out."""
    found = probe(problem)
    best = max((*found.suspects.values(), found.best[1]))
    shuffled = {} if found.shuffled != found.shuffled else {"probe_shuffled_auc": found.shuffled}
    return {"probe_best_feature_auc": best, "probe_suspects_n": float(len(found.suspects)), **shuffled}


def calibrated(problem: Problem, ours: Scored) -> dict[str, float]:
    """Slope and level over all test cutoffs with their intervals, by horizon where there are several."""
    found: dict[str, float] = {}
    for each in _reliability(problem, ours):
        if each.cutoff == ALL:
            about = f"_{each.about}" if each.about else ""
            for name, interval in (("slope", each.slope), ("level", each.level)):
                ends = {"": interval.value, "_low": interval.low, "_high": interval.high}
                found |= {f"calibration_{name}{about}{end}": v for end, v in ends.items() if v == v}
    return found


def _reliability(problem: Problem, ours: Scored) -> list[Reliability]:
    return problem.once(f"reliability of {ours.contestant.name}", lambda: reliability(problem, ours))


def _slices(problem: Problem, ours: Scored) -> list[dict[str, Any]]:
    return problem.once(f"slices of {ours.contestant.name}", lambda: scores_by_slice(problem, ours))


@dataclass(frozen=True)
class Judged:
    """Whether the model is calibrated and of use, each with a sentence; ``weak`` are slices where it is not."""

    sound: tuple[bool, str]
    useful: tuple[bool, str]
    weak: tuple[str, ...]


def judged(problem: Problem, ours: Scored) -> Judged:
    """The model by its test."""
    weak = tuple(
        row["slice"]
        for row in _slices(problem, ours)
        if not problem.target.useful(row["scores"], problem.question)[0] or not WEAK[0] <= row["level"] <= WEAK[1]
    )
    found = _reliability(problem, ours)
    return Judged(in_words(found), problem.target.useful(ours.scores, problem.question), weak)


def in_short(problem: Problem, tested: Sequence[Scored]) -> str:
    """Good enough to act on? Sound, useful, by how much, where not."""
    found, faults = judged(problem, tested[0]), probe(problem).faults()
    sound, useful = found.sound[0] and not faults, found.useful[0]
    answer = "Yes" if sound and useful else "With care" if useful and not faults else "No"
    parts = [
        f"**Good enough to act on? {answer}.**",
        f"{'Sound' if sound else 'Not sound'}: {'; '.join(faults) or found.sound[1]}.",
        f"{'Useful' if useful else 'Of little use'}: {found.useful[1]}.",
        f"Where not: {', '.join(found.weak)}." if found.weak else "",
    ]
    return " ".join(part for part in parts if part)


def spread(by_cutoff: Sequence[Mapping[str, float]], names: Sequence[str]) -> dict[str, float]:
    """``<name>_lowest`` and ``<name>_highest`` over the cutoffs."""
    return {
        f"{name}_{word}": float(pick([scores[name] for scores in by_cutoff]))
        for name in names
        for word, pick in (("lowest", min), ("highest", max))
    }


def facts(problem: Problem, ours: Scored) -> dict[str, Any]:
    """The training window and the test cutoffs, as dates."""
    horizon_days, newest = problem.question.horizon_days, problem.newest
    learned = [c for c in problem.dataset.cutoffs if c + problem.question.horizons[0] <= newest]
    learned, found = learned if problem.folds is None else problem.dataset.cutoffs, judged(problem, ours)
    return {
        "training_window": {
            "first_cutoff": str(day_of(learned[0])),
            "last_cutoff": str(day_of(learned[-1])),
            "labels_end": str(day_of(min(learned[-1] + horizon_days, newest))),
        },
        "test_cutoffs": [problem.name(cutoff) for cutoff in ours.cutoffs],
        "verdict": {
            "sound": {"holds": found.sound[0], "words": found.sound[1]},
            "useful": {"holds": found.useful[0], "words": found.useful[1]},
        },
        "reasons": said_by_family(problem, ours),
        "reliability": [_plain(each) for each in _reliability(problem, ours)],
    }


def _plain(found: Reliability) -> dict[str, Any]:
    """Without what is not defined, which JSON cannot say."""
    ends = {name: asdict(each) for name, each in (("slope", found.slope), ("level", found.level))}
    known = {name: each for name, each in ends.items() if each["value"] == each["value"]}
    return {"horizon_days": found.about, "cutoff": found.cutoff, "rows": found.rows, **known}


def evidence(problem: Problem, tested: Sequence[Scored]) -> dict[str, list[Floats]]:
    """By contestant, losses per row at each test cutoff, rows in the dataset's order."""
    return {each.contestant.name: losses(problem, each) for each in tested}


def pictures(problem: Problem, folder: Path, title: str, tested: Sequence[Scored]) -> None:
    """The target's charts, scores over the cutoffs, feature importance, and the page that has all of them."""
    from experiments.plots import charts, predictions

    happens = task(problem.question.task).HAPPENS.format(days=problem.question.horizon_days)
    forecasts = [each.forecasts(ours=each is tested[0]) for each in tested]
    for chart in problem.target.charts(in_money_of(problem), happens, forecasts):
        charts.draw(folder / f"{chart.name}.png", chart, title)
    charts.draw(folder / "scores_by_cutoff.png", predictions.scores_by_cutoff(problem, tested), title)
    predictions.importance_plot(folder / "importance.png", f"Feature importance: {title}", problem, tested[0])
    if means := said_by_family(problem, tested[0]):
        reasons_plot(folder / "reasons.png", f"What scores are made of: {title}", problem, means)
    folder.mkdir(parents=True, exist_ok=True)
    page = predictions_page(title, contents(problem, tested), folder)
    (folder / "report.html").write_text(page, encoding="utf-8")


def contents(problem: Problem, tested: Sequence[Scored]) -> Contents:
    """What the page says."""
    ours = tested[0]
    found = judged(problem, ours)
    return Contents(
        in_short(problem, tested).replace("**", ""),
        found.sound[0] and found.useful[0] and not probe(problem).faults(),
        tuple(beside(problem, tested)),
        problem.target.headline(problem.question),
        tuple(_reliability(problem, ours)),
        tuple(_slices(problem, ours)),
        probe(problem).in_words(),
        tuple(money(problem, ours)),
        summary(problem, tested)[0],
        test_use(problem, tested),
        problem.dataset.currency,
    )


def beside(problem: Problem, tested: Sequence[Scored]) -> list[Beside]:
    """Every contestant with its scores and how far the registered model is ahead of it over all test cutoffs."""
    customer, own = problem.customers_at(problem.tests), np.concatenate(losses(problem, tested[0]))
    found = [Beside(tested[0].contestant.label, tested[0].scores, None)]
    for other in tested[1:]:
        lead = difference(problem, np.concatenate(losses(problem, other)) - own, customer)
        found.append(Beside(other.contestant.label, other.scores, lead))
    return found


def money(problem: Problem, ours: Scored) -> list[Profit]:
    """Profit at several shares and at the best one, last; none without a declared cost and value."""
    if problem.action is None or not problem.target.CHANCES:
        return []
    each = [problem.target.levels(y, a, problem.question) for y, a in zip(ours.outcomes, ours.answers, strict=True)]
    last = list(each[0])[-1]
    y, p = (np.concatenate([levels[last][side] for levels in each]) for side in (0, 1))
    return [*profits(y, p, problem.action), best_cut(y, p, problem.action)]


def test_use(problem: Problem, tested: Sequence[Scored]) -> str:
    """What the test was used for, so that a reader knows what is a little too good."""
    keys = ", ".join(problem.name(key) for key in problem.tests)
    return (
        f"The test ({keys}) was opened once, after the parameters had been chosen on earlier data. On it {len(tested)} "
        "contestants were compared, and where the tuned model was not proven better than a baseline, the best of these "
        "was registered in its place; the gate compares with the baselines on the same dates, and with the champion on "
        "the newest. So the lead of the model over its best rival is a little too large, by as much as a choice among "
        f"{len(tested)} is lucky; whether it is calibrated had no part in the choice."
    )


def in_money_of(problem: Problem) -> Question:
    """The question with the shop's own currency as the unit of amounts of money, for people."""
    own = problem.dataset.currency
    return replace(problem.question, unit=own) if problem.question.unit == "currency" and own else problem.question


def tables(problem: Problem, tested: Sequence[Scored]) -> dict[str, dict[str, list[Any]]]:
    """A row a contestant: its scores, and how far the registered model is ahead of it."""
    rows = beside(problem, tested)
    names = problem.target.headline(problem.question)
    columns: dict[str, list[Any]] = {"contestant": [row.name for row in rows]}
    columns |= {name: [_nullable(row.scores.get(name)) for row in rows] for name in names}
    for end in ("mean", "low", "high"):
        values = [None if row.lead is None else getattr(row.lead, end) for row in rows]
        columns["advantage" if end == "mean" else f"advantage_{end}"] = values
    return {"scores.json": columns}


def _nullable(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)


def summary(problem: Problem, tested: Sequence[Scored]) -> tuple[str, list[str]]:
    """The test cutoffs."""
    if problem.folds is not None:
        at = f"{len(problem.tests)} folds of customers at {day_of(problem.newest)}"
        return f"Means over {at}; each model learned from the customers of the other folds.", []
    dates = ", ".join(str(day_of(cutoff)) for cutoff in tested[0].cutoffs)
    return f"Means over the test cutoffs {dates}; each model learned only from labels known at the cutoff.", []

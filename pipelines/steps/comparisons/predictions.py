"""Two predictors of the same dataset: how much smaller the second's losses are, at every test cutoff and slice."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.comparison import Lead, leads, registered
from experiments.dataset import read_dataset
from experiments.kinds import kind_of
from experiments.plots.comparison import leads_plot
from experiments.prediction_verdict import difference
from experiments.rolling import Problem
from experiments.slices import slices
from experiments.tracking.evidence import losses_of
from features.errors import BadInput, CoterieError
from models.sample import Floats
from pipelines.steps.comparisons import About, Compared
from pipelines.steps.dataset import build_dataset
from pipelines.studies import find_study
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow import MlflowClient


def content(
    workspace: Workspace, client: "MlflowClient", one: Compared, other: Compared, folder: Path
) -> dict[str, Any]:
    """Leads by cutoff; ``comparison.png`` is written into ``folder``. BadInput for runs on different datasets."""
    tags = [each.run.data.tags.get("coterie.dataset") for each in (one, other)]
    if tags[0] != tags[1]:
        raise BadInput(f"{one.name} and {other.name} were tested on different datasets: train both on the same one")
    first, second = (_losses(client, each) for each in (one, other))
    cutoffs = [str(day) for day in other.loaded.manifest["test_cutoffs"]]
    problem = _problem(workspace, other, str(tags[1]))
    customers = [] if problem is None else [problem.customers_at([cutoff]) for cutoff in problem.tests]
    found = leads(first, second, cutoffs, customers)
    leads_plot(folder / "comparison.png", found, one.name, other.name)
    sliced = _by_slice(problem, first, second) if isinstance(problem, Problem) else []
    return {"leads": [_plain(each) for each in found], "slices": sliced}


def _by_slice(problem: Problem, first: "Sequence[Floats]", second: "Sequence[Floats]") -> list[dict[str, Any]]:
    """Leads among customers of one kind, all test cutoffs together."""
    gain, customer = np.concatenate(first) - np.concatenate(second), problem.customers_at(problem.tests)
    return [
        {
            "slice": name,
            "customers": len(np.unique(customer[mask])),
            **asdict(difference(problem, gain[mask], customer[mask])),
        }
        for name, mask in slices(problem, problem.tests).items()
    ]


def _losses(client: "MlflowClient", each: Compared) -> "Sequence[Floats]":
    return registered(losses_of(client, each.run.info.run_id), each.run.data.params["candidate"])


def _problem(workspace: Workspace, each: Compared, fingerprint: str) -> Any:
    """What the run answered; None if its dataset is not that of today's tables."""
    try:
        study = find_study(workspace, each.version.name)
        dataset = read_dataset(build_dataset(workspace, study))
        if dataset.fingerprint != fingerprint:
            return None
        return kind_of(study).prepare(study, dataset)
    except CoterieError:
        return None


def _plain(lead: Lead) -> dict[str, Any]:
    return {"cutoff": lead.cutoff, "customers": lead.customers, **asdict(lead.advantage)}


def lines(about: About, one: Compared, other: Compared) -> list[str]:
    """What was found, in words."""
    head = f"how much smaller the losses of {other.name} are than those of {one.name}, with 90 % intervals:"
    return [
        head,
        *(
            f"{lead['cutoff'] or 'all together'}: {lead['mean']:+.4f} [{lead['low']:+.4f}, {lead['high']:+.4f}], "
            f"{lead['customers']:,} customers"
            for lead in about["leads"]
        ),
        *(
            f"  {each['slice']}: {each['mean']:+.4f} [{each['low']:+.4f}, {each['high']:+.4f}], "
            f"{each['customers']:,} customers"
            for each in about["slices"]
        ),
    ]

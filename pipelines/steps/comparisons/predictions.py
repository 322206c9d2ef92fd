"""Two predictors of the same dataset: how much smaller the losses of the second are, at every test cutoff."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.comparison import Lead, leads, registered
from experiments.dataset import read_dataset
from experiments.kinds import kind_of
from experiments.plots.comparison import leads_plot
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
    found = leads(first, second, cutoffs, _customers(workspace, other, str(tags[1])))
    leads_plot(folder / "comparison.png", found, one.name, other.name)
    return {"leads": [_plain(each) for each in found]}


def _losses(client: "MlflowClient", each: Compared) -> "Sequence[Floats]":
    return registered(losses_of(client, each.run.info.run_id), each.run.data.params["candidate"])


def _customers(workspace: Workspace, each: Compared, fingerprint: str) -> list[Any]:
    """Whose the rows at each test cutoff are; none if the run's dataset is not that of today's tables."""
    try:
        study = find_study(workspace, each.version.name)
        dataset = read_dataset(build_dataset(workspace, study))
        if dataset.fingerprint != fingerprint:
            return []
        problem = kind_of(study).prepare(study, dataset)
    except CoterieError:
        return []
    return [problem.customers_at([cutoff]) for cutoff in problem.tests]


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
    ]

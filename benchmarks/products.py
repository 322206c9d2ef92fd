"""Next product: every ranker on a workspace, beside the baselines, with intervals over customers.

    coterie ingest online_retail --home or --raw $DATA/online_retail
    python -m benchmarks.products --home or --trials 6 --test 2011-09-01 2011-10-01 2011-11-01

The protocol is in ``docs/decisions/next-product.md``. ``--wanted next_order`` looks at the first order only,
``--level`` replaces products by their names (the types of Complete Journey) or categories, and ``--last-basket`` hides
the last order of every customer, whatever its date, and tests on that.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from experiments.dataset import Dataset, read_dataset
from experiments.rank import choose, prepare
from experiments.rank_problem import Problem, RankValidation, at_cutoff
from experiments.search.trials import Space, search
from experiments.studies import load_study
from experiments.study import RankStudy, validated
from features.engines import on_polars, open_tables
from features.errors import HistoryTooShort
from features.item_history import COLUMN, item_histories
from models.ranking import scores
from models.ranking.learners import ranker_of, rankers
from models.sample import Floats
from models.tasks import NEXT_ITEMS
from pipelines.steps.dataset import build_dataset
from pipelines.workspace import Workspace

BAR = "personal_frequency"
MEANS = ("recall_5", "recall_20", "ndcg_10", "phr_10", "repeat_recall_10", "new_recall_10", "coverage_10")


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--test", nargs="+", type=date.fromisoformat, default=[])
    parser.add_argument("--wanted", choices=["horizon", "next_order"], default="horizon")
    parser.add_argument("--level", choices=["product", "name", "category"], default="product")
    parser.add_argument("--last-basket", action="store_true")
    parser.add_argument("--learners", nargs="+", default=list(rankers()))
    parser.add_argument("--trials", type=int, default=1)
    asked = parser.parse_args()
    problem = problem_of(asked)
    for line in table(problem, {name: tuned(problem, name, asked.trials) for name in asked.learners}):
        print(line, flush=True)


def problem_of(asked: argparse.Namespace) -> Problem:
    """The shipped study with the protocol's label and dates, on the workspace's tables."""
    workspace = Workspace(asked.home)
    content = load_study("next_product").model_dump()
    content |= {"name": "next_product_measured", "wanted": "next_order" if asked.last_basket else asked.wanted}
    content["cutoffs"]["test"] = asked.test or content["cutoffs"]["test"]
    study = validated(RankStudy, content, "benchmark")
    if asked.last_basket:
        dataset = at_level(last_baskets(workspace, study), asked.level)
        return Problem(study, dataset, tuple(dataset.cutoffs))
    return prepare(study, at_level(read_dataset(build_dataset(workspace, study)), asked.level))


def last_baskets(workspace: Workspace, study: RankStudy) -> Dataset:
    """Every customer with two orders: the last one to be found, all before it as history."""
    tables = open_tables(workspace.require("canonical"))
    sales = on_polars(tables["orders"].filter(nw.col("kind") == "sale", ~nw.col("product_id").is_null()))
    begun = sales.group_by("customer_id", "order_id").agg(pl.col("at_days").min()).sort("at_days", "order_id")
    last = begun.group_by("customer_id", maintain_order=True).last()
    hidden = sales.join(last, on=["customer_id", "order_id"], how="semi")
    as_of = float(np.ceil(sales["at_days"].max()))  # type: ignore[arg-type]
    before = sales.join(last, on=["customer_id", "order_id"], how="anti").lazy()
    after = hidden.group_by("customer_id").agg(items=pl.col("product_id").unique().sort())
    after = after.with_columns(label=pl.col("items").list.len().cast(pl.Float64))
    after = after.with_columns(pl.struct("items").struct.json_encode().alias(NEXT_ITEMS)).drop("items")
    rows = item_histories({"orders": nw.from_native(before)}, as_of).join(after, on="customer_id")
    frame = rows.with_columns(as_of=pl.lit(as_of)).to_pandas()
    products = on_polars(tables["products"]).to_pandas() if "products" in tables else None
    return Dataset(frame, (), study.question, "last baskets", {}, products)


def at_level(dataset: Dataset, level: str) -> Dataset:
    """The dataset with each product replaced by its name or category; one without stays itself."""
    if level == "product":
        return dataset
    assert dataset.products is not None, "there is no catalogue"
    known = dataset.products.dropna(subset=[level])
    of = dict(zip(known["product_id"], known[level], strict=True))
    histories = [replaced(text, of) for text in dataset.frame[COLUMN]]
    after = [replaced(text, of) for text in dataset.frame[NEXT_ITEMS]]
    frame = dataset.frame.assign(**{COLUMN: histories, NEXT_ITEMS: after})
    return replace(dataset, frame=frame, products=None, fingerprint=f"{dataset.fingerprint} {level}")


def replaced(text: object, of: Mapping[str, str]) -> str | None:
    """A history or a list of what was bought, over the groups of products."""
    if not isinstance(text, str):
        return None
    found = json.loads(text)
    for holder in (found, *found.get("orders", ())):
        for key in ("items", "products"):
            if key in holder:
                holder[key] = sorted({of.get(product, product) for product in holder[key]})
    for view in found.get("views", ()):
        view["product"] = of.get(view["product"], view["product"])
    return json.dumps(found)


def tuned(problem: Problem, name: str, trials: int) -> dict[str, Any]:
    """Parameters by the study's own rule, on validation cutoffs before the test; the defaults with one trial."""
    if trials < 2 or not ranker_of(name).DEFAULTS:
        return {}
    sought = problem.study.search.model_copy(update={"trials": trials})
    with tempfile.TemporaryDirectory() as folder:
        space = Space({name: ranker_of(name)}, sought, ("minimize",), None)
        found = search(space, RankValidation(problem), f"sqlite:///{folder}/optuna.db", name)
        chosen, why = choose(problem, found)
    print(f"{name}: {why}; {dict(chosen.params)}", flush=True)
    return dict(chosen.params)


def table(problem: Problem, params: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A row a ranker: recall@10 with its interval, its lead over the bar, and the other scores."""
    yield f"{sum(len(problem.scored(cutoff)) for cutoff in problem.tests):,} customers at {len(problem.tests)} cutoffs"
    yield "| | recall@10 | over personal frequency | 1 − NDCG@10, over it | " + " | ".join(MEANS) + " |"
    yield "|---" * (4 + len(MEANS)) + "|"
    bar = measured(problem, BAR, {})
    for name, chosen in params.items():
        try:
            found = bar if name == BAR else measured(problem, name, chosen)
        except HistoryTooShort as error:
            yield f"| {name} | {error} |"
            continue
        recall, against = found["recall"], found["recall"] - bar["recall"]
        ahead = [problem.difference(each, problem.tests) for each in (recall, against, bar["loss"] - found["loss"])]
        means = (f"{np.mean([each[score] for each in found['scores']]):.4f}" for score in MEANS)
        yield f"| {name} | " + " | ".join([*map(str, ahead), *means]) + " |"


def measured(problem: Problem, name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Recall@10 and loss of each customer, and the scores at each cutoff."""
    found = [at_cutoff(problem, name, params, cutoff)[1:] for cutoff in problem.tests]
    recall: list[Floats] = [scores.recall(outcome.bought, listed, 10) for outcome, listed in found]
    loss = [scores.loss(outcome, listed) for outcome, listed in found]
    return {
        "recall": np.concatenate(recall),
        "loss": np.concatenate(loss),
        "scores": [scores.scores(outcome, listed) for outcome, listed in found],
    }


if __name__ == "__main__":
    main()

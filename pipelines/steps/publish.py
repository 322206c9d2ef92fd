"""``coterie publish``: all champions and every customer's answer in one immutable bundle."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from experiments.studies import shipped_studies
from experiments.tracking.registry import Champion, champions
from features.engines import Tables, on_polars, open_tables, to_pandas
from features.entities import about as about_customers
from features.errors import NotFound
from features.item_history import COLUMN, item_histories
from features.past import Who
from features.windows import Frame
from models import artifact
from pipelines.snapshots import stored_snapshots
from pipelines.steps.dataset import activity_span
from pipelines.steps.staleness import staleness_of
from pipelines.workspace import Workspace
from serving.model_store import put_in_store
from serving.publication import write_bundle


class NoChampion(NotFound):
    """No study about customers has a champion, so there is nothing to serve."""


def publish_bundle(workspace: Workspace) -> dict[str, Any]:
    """Write ``bundles/<version>``, put it into the BentoML model store, and make it the current one."""
    canonical = workspace.require("canonical")
    found = champions(workspace.stores)
    left_out = not_served({name: about(champion) for name, champion in found.items()})
    chosen = {name: champion for name, champion in found.items() if name not in left_out}
    if not chosen:
        raise NoChampion("no model is champion yet: run `coterie train` and `coterie promote` for at least one study")
    before = workspace.current("bundles")
    folder = workspace.publish_by_content("bundles", lambda draft: _write(workspace, draft, canonical, chosen))
    tag = put_in_store(folder, folder.name, workspace.bento_home)
    models = {name: f"version {champion.version}" for name, champion in chosen.items()}
    listed = ", ".join(f"{name} {version}" for name, version in models.items())
    note = "".join(f"; {name} is not served: {why}" for name, why in left_out.items())
    return {
        "bundle": folder.name,
        "tag": tag,
        "models": models,
        "left_out": sorted(left_out),
        "changed": folder != before,
        "message": f"published bundle {folder.name} ({listed}) as {tag}{note}",
    }


def about(champion: Champion) -> Mapping[str, Any]:
    """The manifest of the champion's artifact."""
    return artifact.load(champion.folder, champion.sha256).manifest


def not_served(manifests: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Why champions are not served: by name, in its order. A model of companies is used from MLflow.

    An answer has one segment, so of several segmentations one is served: the user's own rather than the shipped one.

    >>> not_served({"groups": {"kind": "segmenter"}, "segments": {"kind": "segmenter"}})
    {'segments': 'groups is the segmentation that is'}
    """
    # Older artifacts do not state what they are about: customers.
    firms = {name for name, facts in manifests.items() if facts.get("entity", "customer") != "customer"}
    about_customers = sorted(set(manifests).difference(firms), key=lambda name: (name in shipped_studies(), name))
    served, *others = [name for name in about_customers if manifests[name]["kind"] == "segmenter"] or [""]
    reasons = dict.fromkeys(firms, "it is about companies")
    reasons |= dict.fromkeys(others, f"{served} is the segmentation that is")
    return dict(sorted(reasons.items()))


def who_is_answered(chosen: Mapping[str, Champion]) -> Who:
    """Everybody known if a model is about them, else buyers."""
    about = {artifact.who(artifact.load(champion.folder, champion.sha256)) for champion in chosen.values()}
    return "known" if "known" in about else "buyers"


def with_histories(
    parts: Iterable[Frame], models: Sequence[artifact.Loaded], tables: Tables, as_of: float
) -> Iterator[Frame]:
    """The parts of a snapshot with the column ``item_history``, if one of the models reads it."""
    needed = any(COLUMN in loaded.manifest["features"] for loaded in models)
    whose = about_customers(tables, as_of) if needed else tables
    for part in parts:
        if needed:
            found = nw.from_native(item_histories(whose, as_of, part).lazy())
            yield part.join(found, on="customer_id", how="left")
        else:
            yield part


def _write(workspace: Workspace, folder: Path, canonical: Path, chosen: dict[str, Champion]) -> str:
    tables = open_tables(canonical)
    # The midnight after the last order: all that is known, and nothing of a day that is still to come.
    as_of = math.floor(activity_span(tables)[1]) + 1.0
    (snapshot,) = stored_snapshots(workspace, canonical, tables, [as_of], "customer", who_is_answered(chosen))
    loaded = [artifact.load(champion.folder, champion.sha256) for champion in chosen.values()]
    segmenter = next((each for each in loaded if each.manifest["kind"] == "segmenter"), None)
    return write_bundle(
        folder,
        models={name: champion.folder for name, champion in chosen.items()},
        versions={name: {"version": champion.version} for name, champion in chosen.items()},
        parts=map(to_pandas, with_histories(snapshot.parts(), loaded, tables, as_of)),
        as_of=as_of,
        products=on_polars(tables["products"]) if "products" in tables else None,
        tables=sorted(tables),
        staleness=staleness_of(workspace, canonical, tables, as_of, segmenter) if segmenter else None,
    )

"""What is in force, in words: the segments, each model beside its baselines, and where everything lies."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from experiments.run import tests_of
from experiments.tracking.runs import children_of, open_client
from features.families import families
from models import artifact
from models.wording import FAMILIES
from pipelines.commands import typed
from pipelines.steps.tables import as_text
from pipelines.workspace import Workspace
from serving.answers import kind_of
from serving.bundle import Bundle, iso, load_bundle

MOST_SCORES = 6


def summary(workspace: Workspace) -> dict[str, Any]:
    """Segments, scores and places of the current bundle; ``message`` is the same as text."""
    folder = workspace.require("bundles")
    bundle = load_bundle(folder, expected=folder.name)
    scores = {name: contestant_scores(workspace, name, about["version"]) for name, about in bundle.versions.items()}
    models = [loaded.model for loaded in bundle.models.values()]
    segments = [segment for model in models for segment in kind_of(model).catalogue(model)]
    features = features_read(bundle)
    places = {
        "bundle": str(folder),
        "canonical tables": str(workspace.require("canonical")),
        "runs": workspace.tracking_address,
        "scores": str(workspace.current("scores") or f"run `{typed('score', home=workspace.home)}`"),
    }
    return {
        "bundle": bundle.version,
        "as_of": iso(bundle.as_of),
        "segments": segments,
        "soundness": verdicts(bundle),
        "scores": scores,
        "features": features,
        "reasons": (said := said_by_family(bundle)),
        "places": places,
        "message": _as_text(bundle, segments, scores, features, said, places),
    }


def contestant_scores(workspace: Workspace, name: str, version: str) -> dict[str, dict[str, float]]:
    """Test scores of a registered version's run and of all it was compared with, the model first."""
    client = open_client(workspace.stores)
    run = client.get_run(str(client.get_model_version(name, version).run_id))
    others = children_of(client, run.info.experiment_id, run.info.run_id)
    beside = {name: tests_of(child) for name, child in others.items() if not name.startswith("trial ")}
    return {f"champion {run.data.params['candidate']}": tests_of(run), **beside}


def verdicts(bundle: Bundle) -> list[dict[str, str]]:
    """Whether each segmentation is sound, as its test found; those trained before there were verdicts have none."""
    return [found for each in bundle.models.values() if (found := each.manifest.get("soundness"))]


def features_read(bundle: Bundle) -> dict[str, dict[str, int]]:
    """How many columns of each family each model reads, indicators of text included; families that none reads too."""
    return {
        family: {
            name: sum(column.startswith(f"{family}_") for column in loaded.manifest["features"])
            for name, loaded in bundle.models.items()
        }
        for family in families()
    }


def said_by_family(bundle: Bundle) -> dict[str, dict[str, float]]:
    """By how much each family moves each model's scores, on average; models that give no reasons
    are left out, and those trained before 0.9."""
    return {name: found for name, loaded in bundle.models.items() if (found := loaded.manifest.get("reasons"))}


def _as_text(
    bundle: Bundle,
    segments: list[dict[str, Any]],
    scores: dict[str, Any],
    features: dict[str, dict[str, int]],
    said: dict[str, dict[str, float]],
    places: dict[str, str],
) -> str:
    parts = [f"Bundle {bundle.version}: {len(bundle.answers):,} customers as of {iso(bundle.as_of)}"]
    parts += [as_text(_segment_table(segments))] if segments else []
    parts += [f"Verdict on these segments: {about['verdict']}; {about['reason']}" for about in verdicts(bundle)]
    for name, contestants in scores.items():
        shown = artifact.headline(bundle.models[name].model)[:MOST_SCORES]
        parts.append(as_text(_score_table(name, bundle.versions[name]["version"], shown, contestants)))
    parts += [as_text(_reasons_table(said))] if said else []
    parts += [as_text(_feature_table(features, list(bundle.models))), as_text(_place_table(places))]
    return "\n\n".join(parts)


def _segment_table(segments: list[dict[str, Any]]) -> Table:
    table = _table("Segments", "id", "name")
    for column in ("customers", "share", "revenue"):
        table.add_column(column, justify="right")
    for segment in segments:
        size, share = f"{segment['size']:,}", f"{segment['share']:.1%}"
        revenue = "-" if segment["revenue_share"] is None else f"{segment['revenue_share']:.1%}"
        table.add_row(segment["id"], segment["name"], size, share, revenue)
    return table


def _score_table(name: str, version: str, shown: Sequence[str], contestants: dict[str, dict[str, float]]) -> Table:
    """The champion first; its figures are means over the test cutoffs."""
    table = _table(f"{name}, version {version}: test scores", "model")
    for score in shown:
        table.add_column(score, justify="right")
    for contestant, scores in contestants.items():
        table.add_row(contestant, *(f"{scores[score]:.4f}" if score in scores else "-" for score in shown))
    return table


def _feature_table(features: dict[str, dict[str, int]], models: list[str]) -> Table:
    table = _table("Columns that each model reads", "family")
    for name in models:
        table.add_column(name, justify="right")
    for family, read in features.items():
        table.add_row(family, *(f"{read[name]}" if read[name] else "-" for name in models))
    return table


def _reasons_table(said: dict[str, dict[str, float]]) -> Table:
    """Families by their largest mean absolute contribution to any model."""
    table = _table("What scores are made of: mean contribution of a family, in log odds or log amount", "family")
    table.add_column("is about")
    for name in said:
        table.add_column(name, justify="right")
    found = {family for means in said.values() for family in means}
    most = {family: max(means.get(family, 0.0) for means in said.values()) for family in found}
    for family in sorted(found, key=lambda name: (-most[name], name)):
        figures = (f"{means[family]:.3f}" if family in means else "-" for means in said.values())
        table.add_row(family, FAMILIES.get(family, family), *figures)
    return table


def _place_table(places: dict[str, str]) -> Table:
    table = _table("Where it lies", "what", "place")
    for what, place in places.items():
        table.add_row(what, place)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table

"""The gate: a challenger becomes champion only when it is proven better, and the reason is written down.

Everyone is scored on the same customers. Differences come with a bootstrap interval over customers; ``proven better``
means that the whole interval lies on the better side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import silhouette_samples

from experiments.config import Promotion, StudyConfig
from experiments.dataset import Dataset
from experiments.evaluate import (
    BASELINE,
    TUNED,
    Contestant,
    clustered_mean,
    customers_at,
)
from experiments.objective import bootstrap_mean, candidate_sample, dataset_tests, row_loss, segment_features
from experiments.splits import day_of
from experiments.tracking.evidence import tested_losses
from experiments.tracking.registry import CHALLENGER, CHAMPION, Version, aliased_version, artifact_folder
from experiments.tracking.runs import open_client
from experiments.tracking.stores import Stores
from features.errors import NotFound
from models import artifact
from models.predictor import predict
from models.sample import Floats
from models.segments import preprocessing, segmenter
from models.segments import scores as cluster_scores

if TYPE_CHECKING:
    from mlflow import MlflowClient

SILHOUETTE_ROWS = 5_000
# Artifacts written before companies could be asked about say nothing of the entity.
BEFORE = {"entity": "customer"}


@dataclass(frozen=True)
class Difference:
    """The challenger's advantage over another and its interval; above 0 the challenger is better."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"


@dataclass(frozen=True)
class Verdict:
    """Whether to promote, why, and the figures behind it. ``changed``: the champion alias was moved."""

    promote: bool
    reason: str
    scores: Mapping[str, float] = field(default_factory=dict)
    version: str = ""
    changed: bool = False


def decide(
    promotion: Promotion, measure: str, baselines: Mapping[str, Difference], champion: Difference | None
) -> Verdict:
    """Proven better than every baseline, and than the champion (or, if the study says so, no worse on average).

    >>> better, worse = Difference(0.02, 0.01, 0.03), Difference(0.01, -0.01, 0.03)
    >>> decide(Promotion(), "log-loss", {"constant": better}, None).promote
    True
    >>> decide(Promotion(), "log-loss", {"constant": better, "logistic": worse}, None).reason
    'not proven better than logistic: log-loss advantage +0.0100 [-0.0100, +0.0300]'
    """
    scores = figures({**baselines, **({"champion": champion} if champion else {})})
    weak = {name: found for name, found in baselines.items() if not found.low > 0}
    if weak:
        name = min(weak, key=lambda each: weak[each].mean)
        return Verdict(False, f"not proven better than {name}: {measure} advantage {weak[name]}", scores)
    if champion is not None and promotion.champion == "better" and not champion.low > 0:
        return Verdict(False, f"not proven better than the champion: {measure} advantage {champion}", scores)
    if champion is not None and promotion.champion == "not_worse" and not champion.mean >= 0:
        return Verdict(False, f"worse than the champion: {measure} advantage {champion}", scores)
    beaten = [f"{name} ({found})" for name, found in baselines.items()]
    beaten += [f"the champion ({champion})"] if champion is not None else []
    if not beaten:
        return Verdict(True, "no baseline and no champion to beat", scores)
    return Verdict(True, f"{measure} advantage over {', '.join(beaten)}", scores)


def decide_segments(
    promotion: Promotion,
    clustering: Mapping[str, float],
    baselines: Mapping[str, Difference],
    champion: Difference | None,
) -> Verdict:
    """First that there is structure and that it is stable, then as for any model, by silhouette in one common space."""
    found = {name: clustering[name] for name in ("permuted_gap", "permuted_gap_low", "jaccard_min")}
    if not found["permuted_gap_low"] > 0:
        reason = "no structure beyond chance: silhouette gap to column-permuted data "
        return Verdict(
            False, reason + f"{found['permuted_gap']:+.4f}, at least {found['permuted_gap_low']:+.4f}", found
        )
    if not found["jaccard_min"] >= promotion.min_stability:
        reason = f"a segment is not stable: Jaccard {found['jaccard_min']:.2f} over bootstrap refits, "
        return Verdict(False, reason + f"promotion.min_stability is {promotion.min_stability:g}", found)
    verdict = decide(promotion, "silhouette", baselines, champion)
    return Verdict(verdict.promote, verdict.reason, {**found, **verdict.scores})


def promote(config: StudyConfig, dataset: Dataset, stores: Stores) -> Verdict:
    """Judge the study's challenger on the dataset and, if it wins, move the alias ``champion`` to it.

    The reason is written into the version's tags either way. Running again changes nothing.
    """
    client = open_client(stores)
    challenger = aliased_version(client, config.name, CHALLENGER)
    champion = aliased_version(client, config.name, CHAMPION)
    if challenger is None and champion is None:
        raise NotFound(f"no model {config.name!r} to promote: run `coterie train {config.name}` first")
    if challenger is None or (champion is not None and challenger.version == champion.version):
        assert champion is not None
        return Verdict(False, f"version {champion.version} is the champion already", version=champion.version)
    verdict = judge(config, dataset, client, challenger, champion)
    write_verdict(client, challenger, champion, verdict)
    if verdict.promote:
        client.set_registered_model_alias(config.name, CHAMPION, challenger.version)
    return Verdict(verdict.promote, verdict.reason, verdict.scores, challenger.version, verdict.promote)


def judge(
    config: StudyConfig, dataset: Dataset, client: "MlflowClient", challenger: Version, champion: Version | None
) -> Verdict:
    """Score both and the baselines on the same customers and decide."""
    ours = load_version(client, challenger)
    theirs = load_version(client, champion) if champion else None
    if theirs is not None and (why := incomparable(ours, theirs)):
        # A champion that answers another question cannot be compared; the baselines still must be beaten.
        theirs, note = None, f"; the champion, version {champion.version if champion else ''}, {why}"
    else:
        note = ""
    if config.kind == "predict":
        verdict = judge_predictors(config, dataset, ours, theirs, client, challenger.run_id)
    else:
        verdict = judge_segmenters(config, dataset, ours, theirs)
    return Verdict(verdict.promote, verdict.reason + note, verdict.scores)


def judge_predictors(
    config: StudyConfig,
    dataset: Dataset,
    ours: artifact.Loaded,
    theirs: artifact.Loaded | None,
    client: "MlflowClient",
    run_id: str,
) -> Verdict:
    """By log-loss: the baselines over all test cutoffs, the champion at the newest, which no model has learned from.

    A baseline is a way of learning, so it is fitted anew for each cutoff, as the challenger was. A champion is one
    model, and older cutoffs may be in what it learned.
    """
    tests = dataset_tests(config, dataset)
    newest = str(day_of(tests[-1]))
    for name, loaded in (("challenger", ours), ("champion", theirs)):
        if loaded is not None and loaded.manifest["training_window"]["labels_end"] > newest:
            end = loaded.manifest["training_window"]["labels_end"]
            reason = f"the {name} has learned labels up to {end}, after the newest test cutoff {newest}: "
            return Verdict(False, reason + "judge it on a newer dataset")
    learner = ours.model.learner
    own_role = Contestant(BASELINE if learner in config.baselines else TUNED, learner, ours.model.params)
    others = [Contestant(BASELINE, name, {}) for name in config.baselines if name != learner]
    tested = tested_losses(config, dataset, [own_role, *others], client, run_id)
    own = tested[own_role.name]
    own[-1] = artifact_loss(config, dataset, ours, tests[-1])
    found = {each.candidate: gains(own, tested[each.name]) for each in others}
    customer = customers_at(dataset, tests)
    newest_gain = {name: difference(gain[-1], config) for name, gain in found.items()}
    worse = {name: gain for name, gain in newest_gain.items() if gain.high < 0}
    if worse:
        name = min(worse, key=lambda each: worse[each].mean)
        reason = f"worse than {name} at the newest test cutoff: log-loss advantage {worse[name]}"
        return Verdict(False, reason, figures(worse))
    pooled = {n: Difference(*clustered_mean(np.concatenate(gain), customer, config)) for n, gain in found.items()}
    champion = difference(artifact_loss(config, dataset, theirs, tests[-1]) - own[-1], config) if theirs else None
    return decide(config.promotion, "log-loss", pooled, champion)


def gains(own: list[Floats], theirs: list[Floats]) -> list[Floats]:
    """By how much our log-loss a row is below theirs, at each test cutoff."""
    return [other - ours for other, ours in zip(theirs, own, strict=True)]


def artifact_loss(config: StudyConfig, dataset: Dataset, loaded: artifact.Loaded, cutoff: float) -> Floats:
    """Log-loss a row at ``cutoff`` of the very model that would be served."""
    fold = candidate_sample(config, dataset, every_feature=True)
    fold = fold.where(fold.as_of == cutoff)
    return row_loss(fold.y, predict(loaded.model, fold.X))


def judge_segmenters(
    config: StudyConfig, dataset: Dataset, ours: artifact.Loaded, theirs: artifact.Loaded | None
) -> Verdict:
    """By silhouette, each clustering labelling the same customers in the same space: the study's features."""
    X = dataset.frame[list(dataset.features)]
    features = segment_features(config, dataset)
    Z = preprocessing.transform(preprocessing.fit(X, features), X)
    rows = np.sort(np.random.default_rng(config.search.seed).permutation(len(X))[:SILHOUETTE_ROWS])

    def silhouettes(model: segmenter.Segmenter) -> Floats:
        label, _ = segmenter.assign_labels(model, X)
        if len(np.unique(label[rows])) < 2:
            return np.zeros(len(rows))
        return np.asarray(silhouette_samples(Z[rows], label[rows]), dtype=np.float64)

    own = silhouettes(ours.model)
    baselines = {
        name: difference(own - silhouettes(segmenter.fit_segmenter(X, features, name, {}, config.search.seed)), config)
        for name in config.baselines
    }
    champion = difference(own - silhouettes(theirs.model), config) if theirs else None
    clustering = ours.manifest["scores"]
    if ours.manifest["dataset_fingerprint"] != dataset.fingerprint:
        clustering = cluster_scores.clustering_scores(X, ours.model, config.search.seed)
    return decide_segments(config.promotion, clustering, baselines, champion)


def difference(each: Floats, config: StudyConfig) -> Difference:
    """Mean advantage a customer, with the study's interval."""
    return Difference(*bootstrap_mean(each, config.promotion.draws, config.promotion.confidence, config.search.seed))


def incomparable(ours: artifact.Loaded, theirs: artifact.Loaded) -> str:
    """Why the champion cannot be scored beside the challenger; empty if it can."""
    for key in ("kind", "entity", "task", "horizon_days"):
        if ours.manifest.get(key, BEFORE.get(key)) != theirs.manifest.get(key, BEFORE.get(key)):
            return f"has {key} {theirs.manifest.get(key)} and cannot be compared"
    return ""


def load_version(client: "MlflowClient", version: Version) -> artifact.Loaded:
    return artifact.load(artifact_folder(client, version), version.sha256)


def write_verdict(client: "MlflowClient", challenger: Version, champion: Version | None, verdict: Verdict) -> None:
    """Tags on the version, so that the registry page tells why it is what it is."""
    tags: dict[str, Any] = {
        "gate": "promoted" if verdict.promote else "refused",
        "gate.reason": verdict.reason,
        "gate.champion_before": champion.version if champion else "none",
        **{f"gate.{name}": f"{value:.6g}" for name, value in verdict.scores.items()},
    }
    for key, value in tags.items():
        client.set_model_version_tag(challenger.name, challenger.version, key, str(value))


def figures(differences: Mapping[str, Difference]) -> dict[str, float]:
    """``advantage_over.<name>`` with ``.low`` and ``.high``."""
    return {
        f"advantage_over.{name}{suffix}": value
        for name, found in differences.items()
        for suffix, value in (("", found.mean), (".low", found.low), (".high", found.high))
    }

"""Verdicts: whether a challenger is proven better, by the intervals of differences."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from experiments.config import Promotion


@dataclass(frozen=True)
class Difference:
    """The challenger's mean advantage over another model, with its interval; above 0 the challenger is better."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"


@dataclass(frozen=True)
class Verdict:
    """Whether to promote, why, and the figures behind it. ``changed``: the alias ``champion`` was moved.

    ``unsound`` names the fault of a model that is refused unless a person decides otherwise.
    """

    promote: bool
    reason: str
    scores: Mapping[str, float] = field(default_factory=dict)
    version: str = ""
    changed: bool = False
    unsound: str = ""


def decide(
    promotion: Promotion, measure: str, baselines: Mapping[str, Difference], champion: Difference | None
) -> Verdict:
    """Promote if proven better than every baseline and than the champion (or, by ``promotion.champion``, not worse).

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
    return Verdict(True, _reason(measure, baselines, champion), scores)


def _reason(measure: str, baselines: Mapping[str, Difference], champion: Difference | None) -> str:
    """The baselines and the champion that the challenger has beaten, and by how much."""
    beaten = [f"{name} ({found})" for name, found in baselines.items()]
    beaten += [f"the champion ({champion})"] if champion is not None else []
    return f"{measure} advantage over {', '.join(beaten)}" if beaten else "no baseline and no champion to beat"


def figures(differences: Mapping[str, Difference]) -> dict[str, float]:
    """Each difference as ``advantage_over.<name>``, with its ends as ``.low`` and ``.high``."""
    return {
        f"advantage_over.{name}{suffix}": value
        for name, found in differences.items()
        for suffix, value in (("", found.mean), (".low", found.low), (".high", found.high))
    }

"""What ``train`` prints: the verdict, the model beside its baselines, and where the run is."""

from experiments.verdict import Verdict
from pipelines.steps.train import _message

RESULT = {
    "model": "churn", "version": "3", "candidate": "lightgbm", "skipped": False,
    "scores": {"log_loss": 0.41, "auc": 0.8, "lift_10": 2.0},
    "baselines": {"baseline constant": {"log_loss": 0.5, "auc": float("nan")}},
}  # fmt: skip


def test_the_verdict_comes_first_and_every_score_stands_beside_the_baseline() -> None:
    refused = Verdict(False, "not proven better than constant: log-loss advantage +0.0100 [-0.0100, +0.0300]")
    lines = _message("coterie promote churn", RESULT, refused, ("log_loss", "auc"), "http://x/#/runs/1").splitlines()
    assert lines[0] == f"churn: trained version 3, lightgbm; would not be promoted: {refused.reason}"
    assert [line.split() for line in lines[1:4]] == [
        ["log_loss", "auc"],
        ["version", "3,", "lightgbm", "0.4100", "0.8000"],
        ["baseline", "constant", "0.5000", "-"],
    ]
    assert lines[-1].endswith("http://x/#/runs/1")
    promoted = _message("coterie promote my/churn.toml", RESULT, Verdict(True, "better"), ("auc",), "http://x/#/runs/1")
    assert promoted.splitlines()[-1] == "what next: `coterie promote my/churn.toml`"

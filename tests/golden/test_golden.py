"""Artifacts of released formats must load for ever and give the same answers."""

from pathlib import Path

import pandas as pd
import pytest

from models import artifact
from models.predictor import predict

SHA256 = "3ad1cc2e56aa463d6f10b4ac6dfb7bb172d09ea8621341514c7ba62e6f88442f"
ANSWERED = [0.9212461024949027, 0.5223448318816858, 0.11002725727293383]


def test_an_artifact_of_format_1_loads_and_answers_as_it_did() -> None:
    loaded = artifact.load(Path(__file__).parent / "logistic_format_1", SHA256)
    X = pd.DataFrame(
        {
            "purchase_recency_days": [1.0, 30.0, 400.0],
            "purchase_orders_n": [10.0, 3.0, 1.0],
            "purchase_spend": [500.0, 80.0, 10.0],
        }
    )
    # Another machine's log and exp may differ in the last bit.
    assert predict(loaded.model, X)[:, 0].tolist() == pytest.approx(ANSWERED, rel=1e-12)

"""Plain gradient-boosted trees, a baseline: 22 columns of recency, frequency, money and rhythm, and nothing tuned.

What a data scientist has in an afternoon. A model that is not proven better than this is not worth its columns and its
search.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from models.learners import Contributions, Params, hazard, lightgbm
from models.sample import Floats, Sample, floats

BASELINE = True
TARGETS = ("binary", "amount", "curve")
READS = (
    "purchase_recency_days",
    "purchase_tenure_days",
    "purchase_orders_n",
    "purchase_days_n",
    "purchase_spend",
    "purchase_order_value_mean",
    "purchase_day_rate",
    "purchase_orders_30d_n",
    "purchase_orders_60d_n",
    "purchase_orders_90d_n",
    "purchase_orders_180d_n",
    "purchase_orders_365d_n",
    "purchase_spend_30d",
    "purchase_spend_90d",
    "purchase_spend_365d",
    "cadence_gap_mean_days",
    "cadence_gap_median_days",
    "cadence_gap_last_days",
    "cadence_gap_cv",
    "cadence_overdue_ratio",
    "basket_lines_mean",
    "basket_units_mean",
)
AS_THEY_COME: Params = {
    "n_estimators": 200,
    "learning_rate": 0.03,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "half_life_days": 0.0,
}
"""Nothing of it is tuned."""
Model = lightgbm.Trees | hazard.Hazard


def fit(sample: Sample, params: Params, seed: int) -> Model:  # noqa: ARG001 - it has none
    """The trees of ``lightgbm``, for a curve those of ``hazard``, on the 22 columns."""
    own = replace(sample, table=floats(sample.table, READS))
    if sample.question.target == "curve":
        return hazard.fit(own, AS_THEY_COME, seed)
    return lightgbm.fit(own, AS_THEY_COME, seed)


def predict(model: Model, X: pd.DataFrame) -> Floats:
    """(n,) P(y = 1) or expected amounts, (n, K) P(event within each horizon)."""
    return hazard.predict(model, X) if isinstance(model, hazard.Hazard) else lightgbm.predict(model, X)


def contributions(model: Model, X: pd.DataFrame) -> Contributions:
    """Those of the trees."""
    own = hazard if isinstance(model, hazard.Hazard) else lightgbm
    return own.contributions(model, X)  # type: ignore[no-any-return]


def importance(model: Model) -> dict[str, float]:
    """Summed gain of the splits on each feature."""
    return hazard.importance(model) if isinstance(model, hazard.Hazard) else lightgbm.importance(model)


def dump(model: Model) -> dict[str, bytes]:
    """The files of the learner whose trees they are."""
    return hazard.dump(model) if isinstance(model, hazard.Hazard) else lightgbm.dump(model)


def load(files: Mapping[str, bytes]) -> Model:
    """What ``dump`` wrote."""
    return hazard.load(files) if "hazard.json" in files else lightgbm.load(files)

"""The Gaussian mixture against scipy's densities."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from models.segments.clusterers import gmm


@pytest.mark.parametrize("covariance", ["full", "diag"])
def test_labels_and_strengths_are_those_of_bayes_rule(covariance: str) -> None:
    rng = np.random.default_rng(0)
    cloud = rng.multivariate_normal([0, 0], [[2.0, 1.5], [1.5, 2.0]], 300)
    Z = np.vstack([cloud, rng.normal([4, -3], 0.5, (200, 2)), rng.normal([-4, 3], [0.3, 2.0], (100, 2))])
    model = gmm.fit(pd.DataFrame(), Z, {"k": 3, "covariance": covariance}, 0, None)
    label, strength = gmm.assign(model, pd.DataFrame(), Z)

    precision = model.whitening @ model.whitening.transpose(0, 2, 1)
    density = np.column_stack(
        [
            np.exp(weight) * stats.multivariate_normal(mean, np.linalg.inv(each)).pdf(Z)
            for mean, each, weight in zip(model.mean, precision, model.log_weight, strict=True)
        ]
    )
    second, first = np.sort(density, axis=1)[:, -2:].T
    assert (label == density.argmax(axis=1)).all()
    assert strength == pytest.approx(1 - second / first, abs=1e-9)
    assert len(set(label.tolist())) == 3

"""A predictor takes columns by name, refuses what it cannot read, and calibrates on dates it has not seen."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.errors import BadArtifact, BadConfig, BadInput, HistoryTooShort, NotFound
from models import predictor
from models.learners import logistic
from models.predictor import Predictor, fit_predictor, predict
from models.question import Question
from models.sample import Sample
from models.targets import binary

QUESTION = Question("churn", "binary", "lapses", (30.0,))
DAYS = (1000.0, 1015.0, 1030.0, 1045.0, 1060.0)


def sample(rows_a_cutoff: int = 400, cutoffs: tuple[float, ...] = DAYS, seed: int = 0) -> Sample:
    """Longer recency means fewer purchases; the base rate at the last three cutoffs is far above that before."""
    random = np.random.default_rng(seed)
    rows = rows_a_cutoff * len(cutoffs)
    as_of = np.repeat(cutoffs, rows_a_cutoff)
    recency = random.uniform(0.0, 200.0, rows)
    orders = 1.0 + random.poisson(2.0, rows)
    log_odds = 0.5 - recency / 50.0 + 0.2 * orders + np.where(as_of >= 1030.0, 1.5, 0.0)
    y = (random.uniform(size=rows) < 1.0 / (1.0 + np.exp(-log_odds))).astype(float)
    X = pd.DataFrame(
        {
            "purchase_recency_days": recency,
            "purchase_orders_n": orders,
            "purchase_spend": orders * random.gamma(2.0, 20.0, rows),
        }
    )
    return Sample(X, y, as_of, QUESTION)


@pytest.fixture(scope="module")
def trees() -> Predictor:
    return fit_predictor("lightgbm", sample(), {"n_estimators": 20}, seed=1, calibrate=True)


def test_columns_are_found_by_name_whatever_their_order_and_neighbours(trees: Predictor) -> None:
    X = sample(seed=5).X
    swapped = X.assign(other="text")[["other", "purchase_spend", "purchase_recency_days", "purchase_orders_n"]]
    assert (predict(trees, X) == predict(trees, swapped)).all()


def test_a_missing_column_is_named(trees: Predictor) -> None:
    with pytest.raises(BadInput, match=r"1 of 3 features are missing \(purchase_spend\)"):
        predict(trees, sample().X.drop(columns="purchase_spend"))


def test_infinity_is_refused_and_null_is_not(trees: Predictor) -> None:
    X = sample().X.iloc[:2]
    with pytest.raises(BadInput, match="infinite values in purchase_spend"):
        predict(trees, X.assign(purchase_spend=[np.inf, 1.0]))
    assert np.isfinite(predict(trees, X.assign(purchase_spend=[np.nan, 1.0]))).all()


def test_text_in_a_column_is_refused_with_the_column_named(trees: Predictor) -> None:
    with pytest.raises(BadInput, match="purchase_spend"):
        predict(trees, sample().X.iloc[:1].assign(purchase_spend="many"))


def test_infinity_is_refused_before_fitting() -> None:
    bad = sample()
    bad = replace(bad, table=bad.X.assign(purchase_spend=np.inf))
    with pytest.raises(BadInput, match="infinite"):
        fit_predictor("logistic", bad, {}, 0, calibrate=False)


def test_a_learner_that_names_its_columns_is_all_the_predictor_needs() -> None:
    """Otherwise a baseline that stands in would need every feature in the service, protected ones included."""
    rows = sample()
    wide = replace(rows, table=rows.X.assign(profile_age_years=40.0, profile_gender=1.0))
    fitted = fit_predictor("recency", wide, {}, 0, calibrate=True)
    assert fitted.features == ("purchase_recency_days",)
    assert (predict(fitted, wide.X) == predict(fitted, wide.X[["purchase_recency_days"]])).all()


def test_a_question_that_the_learner_cannot_answer_is_refused() -> None:
    rows = sample()
    other = replace(rows, question=replace(QUESTION, task="clicks", outcome="clicks"))
    with pytest.raises(BadInput, match="bgnbd cannot learn clicks: it knows the outcomes"):
        fit_predictor("bgnbd", other, {}, 0, calibrate=False)


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(BadConfig, match=r"num_leafs.*num_leaves"):
        fit_predictor("lightgbm", sample(), {"num_leafs": 3}, 0, calibrate=False)


def test_calibration_moves_the_level_towards_the_newest_base_rate() -> None:
    """The learner pools all dates, so its mean lags behind the newest ones; the correction undoes part of it."""
    rows = sample()
    newest = rows.where(rows.as_of == max(DAYS))
    plain, calibrated = (predict(fit_predictor("logistic", rows, {}, 0, calibrate=c), newest.X) for c in (False, True))
    assert plain.mean() < newest.y.mean() - 0.05
    assert abs(calibrated.mean() - newest.y.mean()) < 0.5 * abs(plain.mean() - newest.y.mean())


def test_each_model_that_calibrates_saw_only_labels_known_at_the_cutoff_it_predicts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, seen, predicted = sample(), [], []
    fit, apply = logistic.fit, logistic.predict
    monkeypatch.setattr(logistic, "fit", lambda s, *rest: (seen.append(s.as_of.max()), fit(s, *rest))[1])
    monkeypatch.setattr(logistic, "predict", lambda m, X: (predicted.append(cutoff_of(rows, X)), apply(m, X))[1])
    fit_predictor("logistic", rows, {}, 0, calibrate=True)
    assert predicted == [1030.0, 1045.0, 1060.0]  # nothing was known yet at 1015
    assert seen == [1060.0, 1000.0, 1015.0, 1030.0]  # the first is the model itself, on all rows


def cutoff_of(rows: Sample, X: pd.DataFrame) -> float:
    """The one cutoff whose rows ``X`` are."""
    (cutoff,) = [day for day in DAYS if rows.where(rows.as_of == day).X.equals(X)]
    return cutoff


def test_too_few_cutoffs_mean_no_calibration_and_a_note_that_says_so() -> None:
    alone = fit_predictor("logistic", sample(cutoffs=(1000.0, 1015.0)), {}, 0, calibrate=True)
    assert alone.calibration is None
    assert alone.calibration_note.startswith("none: no cutoff has enough labels")


def test_no_rows_and_an_unknown_learner_are_clear_errors() -> None:
    rows = sample()
    with pytest.raises(HistoryTooShort, match="no rows"):
        fit_predictor("constant", rows.where(rows.as_of < 0.0), {}, 0, calibrate=False)
    with pytest.raises(NotFound, match="forest"):
        fit_predictor("forest", rows, {}, 0, calibrate=False)


@pytest.mark.parametrize("learner", ["lightgbm", "logistic", "constant"])
def test_a_dumped_predictor_loads_as_the_same_predictor(learner: str) -> None:
    one = fit_predictor(learner, sample(), {}, 3, calibrate=True)
    again = predictor.load(predictor.dump(one))
    X = sample(seed=9).X
    assert predict(one, X).tobytes() == predict(again, X).tobytes()
    assert predictor.dump(again) == predictor.dump(one)


def test_one_row_gets_the_bits_it_gets_in_a_batch(trees: Predictor) -> None:
    X = sample(seed=9).X.iloc[:300]
    alone = np.concatenate([predict(trees, X.iloc[[i]]) for i in range(len(X))])
    assert alone.tobytes() == predict(trees, X).tobytes()


def test_a_missing_file_or_entry_is_a_bad_artifact(trees: Predictor) -> None:
    files = predictor.dump(trees)
    for name in files:
        with pytest.raises(BadArtifact):
            predictor.load({other: data for other, data in files.items() if other != name})


def test_unequal_lengths_and_other_labels_are_refused() -> None:
    rows = sample()
    with pytest.raises(BadInput, match="give one of each a row"):
        replace(rows, y=rows.y[:-1])
    with pytest.raises(BadInput, match="other than 0 and 1"):
        binary.labels(rows.y + 0.5, QUESTION)

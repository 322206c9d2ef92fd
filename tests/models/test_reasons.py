"""Reasons: the families that say most, exactly summed, in words that describe and never say why somebody acts."""

import re

import numpy as np
import pandas as pd
import pytest

from features.families import families, family_of, is_flag, is_text
from models import predictor, reasons
from models.learners import _trees, learner
from models.predictor import Predictor, fit_predictor
from models.question import Question
from models.reasons.families import by_family, sums_by_family
from models.reasons.sentences import sentence
from models.sample import Sample
from models.usual import usual_values
from models.wording import FAMILIES, LEVELS, PLAIN

COLUMNS = [column for family in families().values() for column in family.COLUMNS]
CAUSAL = re.compile(
    r"\b(because|cause[sd]?|causing|due to|leads? to|led to|makes?|making|drives?|driven|driver|will|would|results? in"
    r"|thanks to|therefore|so that|explains?|why|reason)\b",
    re.IGNORECASE,
)
NAMES = ("purchase_recency_days", "purchase_orders_n", "cadence_gap_median_days", "profile_consent")


def sample(rows: int = 600) -> Sample:
    """Two cutoffs with the same columns; at the newer one customers have bought less lately."""
    random = np.random.default_rng(0)
    as_of = np.repeat([1000.0, 1030.0], rows // 2)
    X = pd.DataFrame(
        {
            "purchase_recency_days": random.uniform(0.0, 100.0, rows) + (as_of > 1000.0) * 50.0,
            "purchase_orders_n": 1.0 + random.poisson(2.0, rows),
            "cadence_gap_median_days": np.where(random.uniform(size=rows) < 0.3, np.nan, random.uniform(5, 60, rows)),
            "profile_consent": (random.uniform(size=rows) < 0.8).astype(float),
        }
    )
    p = 1.0 / (1.0 + np.exp((X["purchase_recency_days"] - 60.0) / 20.0 - 0.3 * X["purchase_orders_n"]))
    y = (random.uniform(size=rows) < p).astype(float)
    return Sample(X, y, as_of, Question("churn", "binary", "buys", (30.0,)))


@pytest.fixture(scope="module")
def trees() -> Predictor:
    return fit_predictor("lightgbm", sample(), {"n_estimators": 40, "min_data_in_leaf": 20}, seed=1, calibrate=False)


def test_usual_is_the_median_of_customers_at_the_newest_cutoff_and_a_share_for_a_flag() -> None:
    rows, found = sample(), usual_values(sample())
    newest = rows.X[rows.as_of == 1030.0]
    assert found["purchase_recency_days"] == newest["purchase_recency_days"].median()
    assert found["cadence_gap_median_days"] == newest["cadence_gap_median_days"].median(), "nulls are left out"
    assert found["profile_consent"] == newest["profile_consent"].mean()
    nobody = Sample(rows.X.assign(purchase_orders_n=np.nan), rows.y, rows.as_of, rows.question)
    assert usual_values(nobody)["purchase_orders_n"] is None


def test_what_is_usual_is_saved_with_the_model(trees: Predictor) -> None:
    again = predictor.load(predictor.dump(trees))
    assert again.usual == trees.usual
    assert reasons.gives_reasons(again)


def test_a_family_is_the_sum_of_its_columns_and_families_sum_to_the_score(trees: Predictor) -> None:
    names, each = learner("lightgbm").contributions(trees.model, sample().X)
    found, sums = sums_by_family(names, each)
    assert found == ("cadence", "profile", "purchase")
    for place, family in enumerate(found):
        own = [at for at, name in enumerate(names) if family_of(name) == family]
        assert sums[:, place] == pytest.approx(each[:, own].sum(axis=1), abs=1e-12)
    log_odds = np.log(p := predictor.predict(trees, sample().X)[:, 0]) - np.log1p(-p)
    assert np.abs(sums.sum(axis=1) + each[:, -1] - log_odds).max() < 1e-9


def test_the_largest_families_come_first_and_each_names_its_column_in_its_own_direction() -> None:
    names = ("purchase_spend", "profile_consent", "purchase_recency_days", "usage_depth", "cadence_gap_cv")
    contributions = np.array([[3.0, 0.5, -4.0, -2.0, 0.001, 9.0], [0.0, 0.0, 0.0, 0.0, 0.0, 9.0]])
    values = np.array([[10.0, 1.0, 30.0, np.nan, 5.0]] * 2)
    found = by_family(names, contributions, values, most=3, least=0.01)
    assert [names[place] for place in found.place[0]] == ["usage_depth", "purchase_recency_days", "profile_consent"]
    assert found.contribution[0].tolist() == [-2.0, -1.0, 0.5]
    assert np.isnan(found.value[0, 0])
    assert found.place[1].tolist() == [-1, -1, -1], "what moves nothing is no reason"
    assert by_family(names, contributions[:1], values[:1], 4, 0.01).place[0, 3] == -1, "a hundredth is too little"


def test_of_fewer_families_there_are_fewer_reasons() -> None:
    found = by_family(("purchase_spend",), np.array([[2.0, 0.0]]), np.array([[10.0]]), most=3, least=0.01)
    assert found.place.tolist() == [[0, -1, -1]]
    assert found.contribution.tolist() == [[2.0, 0.0, 0.0]]


def test_reasons_of_a_row_do_not_depend_on_the_others(trees: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    X = sample().X
    whole = reasons.reasons(trees, X)
    monkeypatch.setattr(reasons, "AT_ONCE", 7)
    for parts in (
        reasons.reasons(trees, X),
        reasons.Said.joined([reasons.reasons(trees, X.iloc[[i]]) for i in X.index]),
    ):
        for name in ("place", "contribution", "value"):
            assert getattr(parts, name).tobytes() == getattr(whole, name).tobytes()
    assert reasons.reasons(trees, X.iloc[:0]).place.shape == (0, 3)


def test_a_customer_with_the_usual_value_everywhere_has_no_reason_in_a_linear_model() -> None:
    """Of a regression on logarithms the mean adds nothing; the usual customer is the one at the means."""
    rows = sample()
    same = Sample(rows.X.assign(purchase_spend=rows.X["purchase_orders_n"] * 10.0), rows.y, rows.as_of, rows.question)
    model = fit_predictor("logistic", same, {}, seed=0, calibrate=False)
    usual = pd.DataFrame([np.expm1(np.array(model.model.means))], columns=list(model.features))
    assert (reasons.reasons(model, usual).place == -1).all()


def test_the_first_reasons_wait_for_nothing_once_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = fit_predictor("lightgbm", sample(), {"n_estimators": 5}, seed=2, calibrate=False)
    reasons.warm(fresh)
    monkeypatch.setattr(_trees, "tables_of", None)
    assert len(reasons.reasons(fresh, sample().X).place) == 600


def test_a_model_whose_score_is_no_sum_gives_none() -> None:
    assert not reasons.gives_reasons(fit_predictor("constant", sample(), {}, seed=0, calibrate=False))


def words_of(column: str) -> list[str]:
    """Every sentence that a column can give."""
    name = f"{column}=some_level" if is_text(column) else column
    return [
        sentence(name, value, usual, own)
        for value in (None, 0.0, 1.0, 0.25, 74.0)
        for usual in (None, 0.3, 31.0)
        for own in (None, 31.0)
    ]


def test_every_documented_column_and_family_has_words() -> None:
    assert [column for column in COLUMNS if column not in (LEVELS if is_text(column) else PLAIN)] == []
    assert set(FAMILIES) == set(families())


@pytest.mark.parametrize("family", families())
def test_no_wording_says_why_somebody_acts(family: str) -> None:
    texts = [text for column in families()[family].COLUMNS for text in words_of(column)]
    causal = [text for text in [*texts, FAMILIES[family]] if CAUSAL.search(text)]
    assert causal == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("purchase_recency_days", 74.0, 40.0, 31.0), "last order 74 days ago; usually every 31"),
        (("purchase_recency_days", 74.0, 40.0, float("nan")), "last order 74 days ago; typical: 40"),
        (("usage_recency_days", 7.2, 15.3), "last visit 7 days ago; typical: 15"),
        (("usage_recency_days", 0.3, 15.3), "last visit less than a day ago; typical: 15"),
        (("usage_recency_days", None, 12.0), "last visit: none on record; typical: 12"),
        (("situation_holiday_next_days", 1.0, 20.0), "next public holiday in 1 day; typical: 20"),
        (("basket_discount_share", 0.5, 0.125), "discount: 50%; typical: 12%"),
        (("purchase_spend_90d", 1234.5, None), "spend of 90 days: 1,234"),
        (("favourite_category=kitchen", 1.0, 0.1), "mostly buys kitchen: yes (of all customers 10%)"),
        (("engagement_never_opener", 0.0, 0.1), "has never opened a message: no (of all customers 10%)"),
        (("ordered_age_band", 3.0, 2.0), "ordered age band: 3; typical: 2"),
    ],
)
def test_a_reason_reads_as_a_marketer_would_say_it(
    arguments: tuple[str, float | None, float | None], words: str
) -> None:
    assert sentence(*arguments) == words


def test_a_flag_is_what_the_reference_says_is_1_or_0() -> None:
    assert is_flag("loyalty_subscribed")
    assert not is_flag("loyalty_status")
    assert not is_flag("no_such_column")

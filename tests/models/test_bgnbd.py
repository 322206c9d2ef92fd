"""BG/NBD against published figures, a brute-force integral and a simulated world."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import beta, gamma

from models.learners import bgnbd
from models.sample import Sample

PAPER = bgnbd.BgNbd(r=0.24259, alpha=4.41360, a=0.79292, b=2.42589)


@pytest.fixture(scope="module")
def cdnow(data_dir: Path) -> pd.DataFrame:
    return pd.read_parquet(data_dir / "cdnow" / "cdnow_customers_summary.parquet")


def one(*values: float) -> list[np.ndarray]:
    return [np.array([value]) for value in values]


def test_cdnow_gives_the_published_parameters(cdnow: pd.DataFrame) -> None:
    x, t_x, T = (cdnow[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    found = bgnbd.maximum_likelihood(x, t_x, T)
    assert found.r == pytest.approx(0.24259, abs=5e-5)
    assert found.alpha == pytest.approx(4.41360, abs=5e-4)
    assert found.a == pytest.approx(0.79292, abs=2e-4)
    assert found.b == pytest.approx(2.42589, abs=5e-4)
    # The summary rounds its weeks, which moves the maximum by a few thousandths.
    assert bgnbd.log_likelihood(found, x, t_x, T).sum() == pytest.approx(-9582.429, abs=0.005)


def test_expected_purchases_of_the_papers_customer() -> None:
    assert bgnbd.expected_purchases(PAPER, *one(2, 30.43, 38.86), t=39.0)[0] == pytest.approx(1.226, abs=5e-4)


def test_time_may_be_in_any_unit(cdnow: pd.DataFrame) -> None:
    x, t_x, T = (cdnow[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    weeks, days = bgnbd.maximum_likelihood(x, t_x, T), bgnbd.maximum_likelihood(x, t_x * 7.0, T * 7.0)
    assert days.alpha / weeks.alpha == pytest.approx(7.0, rel=1e-5)
    assert (days.r, days.a, days.b) == pytest.approx((weeks.r, weeks.a, weeks.b), rel=1e-5)


def beta_mean(of: Callable[[float], float]) -> float:
    return quad(lambda p: of(p) * beta.pdf(p, PAPER.a, PAPER.b), 0.0, 1.0, epsabs=0.0)[0]


def gamma_density(rate: float) -> float:
    return gamma.pdf(rate, PAPER.r, scale=1.0 / PAPER.alpha)


@pytest.mark.parametrize(("x", "t_x"), [(0, 0.0), (1, 3.0), (4, 30.0), (9, 12.0)])
def test_the_likelihood_is_the_integral_over_rates_and_dropouts(x: int, t_x: float) -> None:
    """Given a rate and a dropout chance the likelihood is elementary; integrate it by brute force."""
    T = 38.86
    stays = beta_mean(lambda p: (1.0 - p) ** x)
    left = beta_mean(lambda p: p * (1.0 - p) ** (x - 1)) if x else 0.0

    def given_rate(rate: float) -> float:
        return rate**x * (stays * np.exp(-rate * T) + left * np.exp(-rate * t_x)) * gamma_density(rate)

    # The likelihoods are tiny, so only the relative error counts.
    brute = quad(given_rate, 0.0, 0.05, epsabs=0.0)[0] + quad(given_rate, 0.05, 20.0, epsabs=0.0, limit=200)[0]
    assert bgnbd.log_likelihood(PAPER, *one(x, t_x, T))[0] == pytest.approx(np.log(brute), abs=2e-4)


def simulated(process: bgnbd.BgNbd, customers: int, T: float, t: float) -> tuple[np.ndarray, ...]:
    """x, t_x and whether each bought in (T, T + t], played out purchase by purchase."""
    random = np.random.default_rng(3)
    x, t_x, buys = np.zeros(customers), np.zeros(customers), np.zeros(customers, dtype=bool)
    rate = random.gamma(process.r, 1.0 / process.alpha, customers)
    drop = random.beta(process.a, process.b, customers)
    now, alive = np.zeros(customers), np.ones(customers, dtype=bool)
    while alive.any():
        now = now + random.exponential(1.0 / np.maximum(rate, 1e-12))
        before, after = alive & (now <= T), alive & (now > T) & (now <= T + t)
        x[before] += 1
        t_x[before] = now[before]
        buys |= after
        # Only the first purchase after T matters, so whoever passed T is done.
        alive = before & (random.uniform(size=customers) >= drop)
    return x, t_x, buys


def test_the_purchase_probability_agrees_with_a_simulation_in_every_group() -> None:
    process, T, t = bgnbd.BgNbd(r=0.8, alpha=6.0, a=0.8, b=2.5), 40.0, 13.0
    x, t_x, buys = simulated(process, 200_000, T, t)
    p = bgnbd.purchase_probability(process, x, t_x, np.full(len(x), T), t)
    groups = {
        "one-time": x == 0,
        "few, lately": (x >= 1) & (x <= 3) & (t_x > 30),
        "few, long ago": (x >= 1) & (x <= 3) & (t_x < 15),
        "many, lately": (x >= 6) & (t_x > 35),
        "many, long ago": (x >= 6) & (t_x < 30),
    }
    for name, chosen in groups.items():
        error = np.sqrt(0.25 / chosen.sum())
        assert p[chosen].mean() == pytest.approx(buys[chosen].mean(), abs=4 * error), name


def test_a_one_time_buyer_is_surely_alive_but_not_sure_to_buy() -> None:
    customer = one(0, 0.0, 38.86)
    assert bgnbd.alive_probability(PAPER, *customer)[0] == 1.0
    assert bgnbd.purchase_probability(PAPER, *customer, 30.0)[0] < 0.15


def test_only_the_newest_cutoff_is_fitted_on() -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "purchase_days_n": 1.0 + random.poisson(2.0, 400),
            "purchase_tenure_days": 100.0,
            "purchase_recency_days": random.uniform(0.0, 100.0, 400),
        }
    )
    as_of = np.repeat([1.0, 31.0], 200)
    both = Sample(X, np.zeros(400), as_of, 30.0, "buys")
    assert bgnbd.fit(both, {}, 0) == bgnbd.fit(both.where(as_of == 31.0), {}, 0)


def test_lapsing_is_the_complement_of_buying() -> None:
    X = pd.DataFrame({"purchase_days_n": [3.0], "purchase_tenure_days": [90.0], "purchase_recency_days": [10.0]})
    buys, lapses = (bgnbd.predict(bgnbd.Fitted(PAPER, 30.0, positive), X)[0] for positive in ("buys", "lapses"))
    assert buys + lapses == 1.0

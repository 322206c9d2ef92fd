"""BG/NBD and Gamma-Gamma against published figures, a brute-force integral and a simulated world."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import beta, gamma

from models.learners import _btyd as btyd

PAPER = btyd.BgNbd(r=0.24259, alpha=4.41360, a=0.79292, b=2.42589)


@pytest.fixture(scope="module")
def cdnow(data_dir: Path) -> pd.DataFrame:
    return pd.read_parquet(data_dir / "cdnow" / "cdnow_customers_summary.parquet")


def one(*values: float) -> list[np.ndarray]:
    return [np.array([value]) for value in values]


def test_cdnow_gives_the_published_parameters(cdnow: pd.DataFrame) -> None:
    x, t_x, T = (cdnow[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    found = btyd.maximum_likelihood(x, t_x, T)
    assert found.r == pytest.approx(0.24259, abs=5e-5)
    assert found.alpha == pytest.approx(4.41360, abs=5e-4)
    assert found.a == pytest.approx(0.79292, abs=2e-4)
    assert found.b == pytest.approx(2.42589, abs=5e-4)
    # The summary rounds its weeks, which moves the maximum by a few thousandths.
    assert btyd.log_likelihood(found, x, t_x, T).sum() == pytest.approx(-9582.429, abs=0.005)


def test_expected_purchases_of_the_papers_customer() -> None:
    assert btyd.expected_purchases(PAPER, *one(2, 30.43, 38.86), t=39.0)[0] == pytest.approx(1.226, abs=5e-4)


def test_time_may_be_in_any_unit(cdnow: pd.DataFrame) -> None:
    x, t_x, T = (cdnow[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    weeks, days = btyd.maximum_likelihood(x, t_x, T), btyd.maximum_likelihood(x, t_x * 7.0, T * 7.0)
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
    assert btyd.log_likelihood(PAPER, *one(x, t_x, T))[0] == pytest.approx(np.log(brute), abs=2e-4)


def simulated(process: btyd.BgNbd, customers: int, T: float, t: float) -> tuple[np.ndarray, ...]:
    """x, t_x and whether each bought in (T, T + t], simulated purchase by purchase."""
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
        # Only the first purchase after T matters, so customers past T are done.
        alive = before & (random.uniform(size=customers) >= drop)
    return x, t_x, buys


def test_the_purchase_probability_agrees_with_a_simulation_in_every_group() -> None:
    process, T, t = btyd.BgNbd(r=0.8, alpha=6.0, a=0.8, b=2.5), 40.0, 13.0
    x, t_x, buys = simulated(process, 200_000, T, t)
    p = btyd.purchase_probability(process, x, t_x, np.full(len(x), T), t)
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


def test_a_one_time_buyer_is_certainly_alive_but_not_certain_to_buy() -> None:
    customer = one(0, 0.0, 38.86)
    assert btyd.alive_probability(PAPER, *customer)[0] == 1.0
    assert btyd.purchase_probability(PAPER, *customer, 30.0)[0] < 0.15


def test_cdnows_repeat_buyers_give_the_published_gamma_gamma(data_dir: Path) -> None:
    lines = pd.read_parquet(data_dir / "cdnow" / "cdnow_sample.parquet")
    days = lines[lines["date"] <= "1997-09-30"].groupby(["sample_id", "date"])["dollar_value"].sum().reset_index()
    repeats = days[days["date"] > days.groupby("sample_id")["date"].transform("min")]
    buyers = repeats.groupby("sample_id")["dollar_value"].agg(["size", "mean"])
    n, mean = buyers["size"].to_numpy(dtype=float), buyers["mean"].to_numpy(dtype=float)
    found = btyd.spend_maximum_likelihood(n, mean)
    assert len(buyers) == 946
    assert (found.p, found.q, found.v) == pytest.approx((6.25, 3.74, 15.44), abs=0.006)
    assert btyd.spend_log_likelihood(found, n, mean).sum() == pytest.approx(-4055.918, abs=0.005)


SPENDER = btyd.GammaGamma(p=6.25, q=3.74, v=15.44)


@pytest.mark.parametrize(("n", "mean"), [(1.0, 12.0), (3.0, 80.0), (20.0, 33.0)])
def test_expected_spend_and_likelihood_are_integrals_over_the_customers_scale(n: float, mean: float) -> None:
    """Given nu, the mean of n amounts is Gamma(p n, n nu) and the next amount is p / nu on average."""

    def given(nu: float) -> float:
        amounts = gamma.pdf(mean, SPENDER.p * n, scale=1.0 / (n * nu))
        return amounts * gamma.pdf(nu, SPENDER.q, scale=1.0 / SPENDER.v)

    likelihood = quad(given, 0.0, 5.0, epsabs=0.0, limit=200)[0]
    weighted = quad(lambda nu: given(nu) * SPENDER.p / nu, 0.0, 5.0, epsabs=0.0, limit=200)[0]
    assert btyd.spend_log_likelihood(SPENDER, *one(n, mean))[0] == pytest.approx(np.log(likelihood), abs=1e-6)
    assert btyd.expected_spend(SPENDER, *one(n, mean))[0] == pytest.approx(weighted / likelihood, rel=1e-6)


def test_expected_purchases_are_the_papers_series_and_finite_for_the_most_frequent_buyers() -> None:
    x, t_x, T, t = 3.0, 20.0, 38.86, 39.0
    r, alpha, a, b = PAPER.r, PAPER.alpha, PAPER.a, PAPER.b
    series = hyp2f1(r + x, b + x, a + b + x - 1.0, t / (alpha + T + t)) * ((alpha + T) / (alpha + T + t)) ** (r + x)
    alive = btyd.alive_probability(PAPER, *one(x, t_x, T))[0]
    paper = (a + b + x - 1.0) / (a - 1.0) * (1.0 - series) * alive
    assert btyd.expected_purchases(PAPER, *one(x, t_x, T), t)[0] == pytest.approx(paper, rel=1e-9)
    busy = btyd.expected_purchases(PAPER, *one(5000.0, 364.9, 365.0), 365.0)[0]
    assert 3000.0 < busy < 5000.0


def test_where_the_series_fails_the_integral_agrees_with_it_elsewhere() -> None:
    """A shop where orders follow each other within minutes: the series overflows."""
    x, T = np.array([0.0, 2.0, 30.0]), np.array([10.0, 38.0, 38.0])
    series = btyd.expected_purchases(PAPER, x, T, T, 39.0) / btyd.alive_probability(PAPER, x, T, T)
    assert btyd._integrated_purchases(PAPER, x, T, 39.0) == pytest.approx(series, rel=1e-3)
    odd = btyd.BgNbd(r=0.11310066, alpha=0.01913178, a=0.00098250, b=331.1244693)
    assert 0.0 < btyd.expected_purchases(odd, *one(0.0, 0.0, 0.0), 90.0)[0] < np.inf

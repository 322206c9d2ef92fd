"""Buy till you die: when a customer buys and drops out (BG/NBD), and how much each purchase brings (Gamma-Gamma).

BG/NBD: Fader, Hardie & Lee 2005. A customer has ``x`` repeat purchase days, the last of them ``t_x`` after the first
purchase, and was observed for ``T`` from the first purchase on. Gamma-Gamma: Fader & Hardie 2013. A customer made ``n``
purchases of ``mean`` on average. All arrays have one entry per customer.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaincinv, betaln, gammaln, hyp2f1

from models.sample import Floats

BOUNDS = [(-9.0, 9.0)] * 4
"""For the logarithms of r, alpha / mean T, a and b: without repeat purchases the likelihood has no maximum."""

SPEND_BOUNDS = [(-6.0, 9.0)] * 3
"""For the logarithms of p, q - 1 and v / mean spend. With q above 1 the expected spend is finite for everybody."""


@dataclass(frozen=True)
class BgNbd:
    """Purchase rates are distributed Gamma(r, alpha), dropout probabilities Beta(a, b); alpha is a time."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class GammaGamma:
    """One customer's amounts are distributed Gamma(p, nu), and nu among customers Gamma(q, v); v is an amount."""

    p: float
    q: float
    v: float


def maximum_likelihood(x: Floats, t_x: Floats, T: Floats) -> BgNbd:
    """The BG/NBD fitted to these customers; times in any unit, which is then the unit of alpha."""
    unit = float(T.mean()) or 1.0  # the optimiser works best on numbers near 1
    customers, counts = np.unique(np.column_stack([x, t_x / unit, T / unit]), axis=0, return_counts=True)

    def loss(log_params: Floats) -> float:
        each = log_likelihood(BgNbd(*np.exp(log_params)), *customers.T)
        return -float((counts * each).sum()) / len(x)

    found = minimize(loss, np.zeros(4), method="L-BFGS-B", bounds=BOUNDS, options={"ftol": 1e-14, "gtol": 1e-8})
    r, alpha, a, b = (float(value) for value in np.exp(found.x))
    return BgNbd(r, alpha * unit, a, b)


def log_likelihood(process: BgNbd, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Log-likelihood per customer (equation 6 of the paper)."""
    r, alpha, a, b = process.r, process.alpha, process.a, process.b
    rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stays = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + T)
    left = betaln(a + 1.0, b + np.maximum(x, 1.0) - 1.0) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return np.asarray(rate + np.where(x > 0, np.logaddexp(stays, left), stays), dtype=np.float64)


def alive_probability(process: BgNbd, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """P(has not dropped out by T). It is 1 for every one-time buyer, so do not use it as a score."""
    r, alpha, a, b = process.r, process.alpha, process.a, process.b
    repeat = np.maximum(x, 1.0)
    log_odds_left = np.log(a / (b + repeat - 1.0)) + (r + x) * (np.log(alpha + T) - np.log(alpha + t_x))
    return np.where(x > 0, 1.0 / (1.0 + np.exp(np.minimum(log_odds_left, 700.0))), 1.0)


def purchase_probability(process: BgNbd, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
    """P(X(t) > 0): alive at T, and the next purchase comes within ``t``.

    Given alive, the rate is Gamma(r + x, alpha + T), so the customer does not buy for ``t`` with
    probability ((alpha + T) / (alpha + T + t)) ** (r + x).
    """
    waits = np.exp((process.r + x) * (np.log(process.alpha + T) - np.log(process.alpha + T + t)))
    return np.asarray(alive_probability(process, x, t_x, T) * (1.0 - waits), dtype=np.float64)


def expected_purchases(process: BgNbd, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
    """E[X(t) | x, t_x, T], the expected number of purchase days in (T, T + t] (equation 10 of the paper).

    The paper's 2F1(r + x, b + x; a + b + x - 1; z) overflows for frequent buyers, whose x is large. Euler's
    transformation takes x out of the first two arguments. Where even that fails, the mean is integrated numerically.
    """
    r, alpha, a, b = process.r, process.alpha, process.a, process.b
    z = t / (alpha + T + t)
    with np.errstate(all="ignore"):
        stays = (1.0 - z) ** (a - 1.0) * hyp2f1(a + b - r - 1.0, a - 1.0, a + b + x - 1.0, z)
        if_alive = (a + b + x - 1.0) / (a - 1.0) * (1.0 - stays)
    fails = ~np.isfinite(if_alive)
    if_alive[fails] = _integrated_purchases(process, x[fails], T[fails], t)
    return np.asarray(if_alive * alive_probability(process, x, t_x, T), dtype=np.float64)


def _integrated_purchases(process: BgNbd, x: Floats, T: Floats, t: float) -> Floats:
    """E[X(t)] of customers alive at T: Gauss-Legendre quadrature over quantiles of their dropout probability p.

    Given alive, p is Beta(a, b + x) and the rate is Gamma(r + x, alpha + T). Given both, the expected number of
    purchases is (1 - exp(-rate p t)) / p.
    """
    nodes, weights = np.polynomial.legendre.leggauss(64)
    p = np.maximum(betaincinv(process.a, process.b + x[:, None], (nodes + 1.0) / 2.0), 1e-300)
    logs = (process.r + x)[:, None] * np.log1p(p * (t / (process.alpha + T))[:, None])
    return np.asarray((-np.expm1(-logs) / p * weights / 2.0).sum(axis=1), dtype=np.float64)


def spend_maximum_likelihood(n: Floats, mean: Floats) -> GammaGamma:
    """The Gamma-Gamma fitted to these customers' mean amounts, which must be above 0, in any currency."""
    unit = float(mean.mean())

    def loss(log_params: Floats) -> float:
        return -float(spend_log_likelihood(_spend(log_params), n, mean / unit).mean())

    start = np.array([0.0, 0.5, 0.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=SPEND_BOUNDS, options={"ftol": 1e-14, "gtol": 1e-8})
    spend = _spend(found.x)
    return GammaGamma(spend.p, spend.q, spend.v * unit)


def spend_log_likelihood(spend: GammaGamma, n: Floats, mean: Floats) -> Floats:
    """Log-likelihood of each customer's mean amount (equation 1a of Fader & Hardie 2013)."""
    p, q, v = spend.p, spend.q, spend.v
    constant = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(v)
    powers = (p * n - 1.0) * np.log(mean) + p * n * np.log(n) - (p * n + q) * np.log(v + n * mean)
    return np.asarray(constant + powers, dtype=np.float64)


def expected_spend(spend: GammaGamma, n: Floats, mean: Floats) -> Floats:
    """Expected amount of the next purchase: the customer's mean, shrunk towards everybody's (its equation 5)."""
    return np.asarray(spend.p * (spend.v + n * mean) / (spend.p * n + spend.q - 1.0), dtype=np.float64)


def _spend(log_params: Floats) -> GammaGamma:
    p, above_one, v = (float(value) for value in np.exp(log_params))
    return GammaGamma(p, 1.0 + above_one, v)

"""Arithmetic that every engine, thread count and row order computes to the same bit.

Only whole numbers are summed: counts, whole days, money in ticks of 1/10,000 currency. Float64 holds them exactly to
2**53, so the order of additions cannot matter. Fractions arise only in the last division, root or logarithm.
"""

import narwhals as nw

TICKS = 10_000
"""Ticks in one unit of currency."""

MICRO = 1_000_000
"""Parts in one unit of a quantised irrational term."""


def whole(x: nw.Expr) -> nw.Expr:
    """Nearest whole number, halves upwards; ``round`` differs between engines on halves, ``floor`` does not."""
    return (x + 0.5).floor()


def ticks(money: nw.Expr) -> nw.Expr:
    """Currency as whole ticks."""
    return whole(money * TICKS)


def per(x: nw.Expr, constant: float) -> nw.Expr:
    """``x / constant``, rounded once.

    Polars rewrites a division by a constant as a multiplication by its reciprocal, but not for a single row: the last
    bit would differ between one customer and a batch, and a floor could fall short by one. Dividing by a column
    expression prevents this rewrite.
    """
    return x / (x * 0 + constant)


def rows_n() -> nw.Expr:
    """Rows of the group. Counts are float64 from the start: Polars counts in uint32, which overflows."""
    return nw.len().cast(nw.Float64)


def count_if(condition: nw.Expr) -> nw.Expr:
    """Rows of the group for which ``condition`` is true; null is not."""
    return condition.cast(nw.Float64).sum()


def sum_if(condition: nw.Expr, x: nw.Expr) -> nw.Expr:
    """Sum of the whole numbers ``x`` where ``condition``; 0 where none."""
    return nw.when(condition).then(x).sum()


def distinct_n(x: nw.Expr) -> nw.Expr:
    """Distinct values of ``x`` in the group, not counting null."""
    # n_unique counts null as a value, on every engine.
    return x.n_unique().cast(nw.Float64) - x.is_null().cast(nw.Float64).max()


def ratio(part: nw.Expr, base: nw.Expr) -> nw.Expr:
    """``part / base``, rounded once; null where ``base`` is 0 or null, never infinite.

    Polars treats a ``base`` that is the same for everybody (the number of the shop's categories) as a constant, hence
    the column expression; see ``per``.
    """
    return nw.when(base > 0).then(part / (part * 0 + base))


def entropy_term(n: nw.Expr) -> nw.Expr:
    """``n ln n`` for a count ``n`` of at least 1, as a whole number of millionths so that its sum is exact."""
    return whole(n * n.log() * MICRO)


def entropy(terms: nw.Expr, total: nw.Expr) -> nw.Expr:
    """Shannon entropy in nats of counts that sum to ``total``, from the sum of their ``entropy_term``; null if none."""
    return ratio(entropy_term(total) - terms, total * MICRO)

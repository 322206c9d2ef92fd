"""The shop over a span of days, its weeks of discounts, and the clocks by which its segments like to buy."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.simulation.shop.product_catalogue import build_product_catalogue
from pipelines.simulation.shop.segments import SEGMENTS, Floats, Ints, Segment

PROMOTION_DAYS = 7
PROMOTION_EVERY_DAYS = 73
"""Five weeks of discounts a year, at irregular distances."""
PROMOTION_DEPTHS = (0.1, 0.2, 0.3)


@dataclass(frozen=True)
class World:
    """The shop over ``days`` from ``start`` (local time); the present of everybody in it is a float day since then."""

    start: np.datetime64
    days: int
    clocks: tuple[Floats, Floats]
    """Calendar days and demand days, the segments' clocks laid end to end (see ``demand_days``)."""
    products: pl.DataFrame
    prices: Floats
    promotions: Floats
    """First days of the weeks in which the whole shop has a discount."""
    depths: Floats
    """Discount of each of these weeks, a share of the price."""


def build_world(start: np.datetime64, days: int, seed: int) -> World:
    """The same world for every chunk of customers: it depends on ``seed`` only."""
    products = build_product_catalogue(np.random.default_rng([seed, 0]))
    promotions, depths = _promotions(np.random.default_rng([seed, 3]), days)
    return World(
        start=start,
        days=days,
        clocks=_clocks(start, days),
        products=products,
        prices=products["price"].to_numpy(),
        promotions=promotions,
        depths=depths,
    )


def promotion_at(world: World, at: Floats) -> Floats:
    """Depth of the discount that the whole shop has at each moment; 0 outside such weeks."""
    week = np.searchsorted(world.promotions, at, side="right") - 1
    begun = world.promotions[np.maximum(week, 0)]
    running = (week >= 0) & (at < begun + PROMOTION_DAYS)
    return np.where(running, world.depths[np.maximum(week, 0)], 0.0)


def month_of(world: World, at: Floats) -> Ints:
    """Calendar month 0..11 of each moment."""
    return _months(world.start + np.floor(at).astype("timedelta64[D]"))


def demand_days(world: World, segment: Ints, at: Floats) -> Floats:
    """Calendar days → demand days: the segment's own clock, which runs fast when its people like to buy."""
    calendar, demand = world.clocks
    return np.interp(at + segment * _stride(calendar), calendar, demand)


def calendar_days(world: World, segment: Ints, demand_at: Floats) -> Floats:
    """Demand days → calendar days; infinite past the end of the span."""
    calendar, demand = world.clocks
    stride = _stride(calendar)
    last = np.interp((segment + 1) * stride - 1, calendar, demand)
    at = np.interp(demand_at, demand, calendar) - segment * stride
    return np.where(demand_at < last, at, np.inf)


def _promotions(rng: np.random.Generator, days: int) -> tuple[Floats, Floats]:
    """One in each stretch of the span, so that two never meet; a short span has one at least."""
    stretches = np.arange(0, max(days - PROMOTION_EVERY_DAYS / 2, 1), PROMOTION_EVERY_DAYS)
    begins = np.floor(stretches + rng.uniform(0, PROMOTION_EVERY_DAYS - 2 * PROMOTION_DAYS, len(stretches)))
    return begins, np.array(PROMOTION_DEPTHS)[rng.integers(len(PROMOTION_DEPTHS), size=len(begins))]


def _stride(calendar: Floats) -> float:
    """Calendar days from the start of one segment's clock to the next: the span and one empty day."""
    return float((calendar[-1] + 1) / len(SEGMENTS))


def _clocks(start: np.datetime64, days: int) -> tuple[Floats, Floats]:
    calendar, demand, base = [], [], 0.0
    hours = np.arange(days * 24 + 1) / 24
    for number, segment in enumerate(SEGMENTS):
        steps = np.outer(_day_factors(segment, start, days), _hour_factors(segment)).ravel()
        calendar.append(hours + number * (days + 1))
        demand.append(base + np.concatenate([[0.0], np.cumsum(steps)]))
        base = demand[-1][-1] + 1.0
    return np.concatenate(calendar), np.concatenate(demand)


def _day_factors(segment: Segment, start: np.datetime64, days: int) -> Floats:
    """Demand of each day relative to the segment's average day."""
    dates = start + np.arange(days).astype("timedelta64[D]")
    year = np.array(segment.year) / np.mean(segment.year)
    weekday = (dates.astype("datetime64[D]").astype(np.int64) + 3) % 7
    week = np.where(weekday >= 5, segment.weekend, 1.0) / ((5 + 2 * segment.weekend) / 7)
    return np.asarray(year[_months(dates)] * week, dtype=np.float64)


def _hour_factors(segment: Segment) -> Floats:
    hours = np.array(segment.hours, dtype=np.float64)
    return np.asarray(hours / hours.sum(), dtype=np.float64)


def _months(dates: NDArray[np.datetime64]) -> Ints:
    return np.asarray(dates.astype("datetime64[M]").astype(np.int64) % 12, dtype=np.int64)

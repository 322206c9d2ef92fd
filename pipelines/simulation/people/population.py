"""Who the customers are: a latent segment each, own rates drawn around it, and traits that no order shows."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from features.tables import TOUCHES
from pipelines.simulation.people.companies import Companies, draw_companies
from pipelines.simulation.shop.product_catalogue import CATEGORIES, popular_place, product_of
from pipelines.simulation.shop.segments import SEGMENTS, Bools, Floats, Ints, column, labels
from pipelines.simulation.shop.towns import DELIVERY_TROUBLE, DIGITAL_SHIFT, draw_towns
from pipelines.simulation.shop.world import World, calendar_days, demand_days

NEVER_BUY_SHARE = 0.04
OPENING_SHARE = 0.25
OPENING_DAYS = 30.0
"""A quarter of the customers are there when the export begins and buy in its first month."""
LEAD_SHARE = 0.12
"""Share who register some time before their first purchase; the others do so with it."""
OPT_IN_SHARE = 0.08
"""Share of those without consent who give it later."""

USAGE_A_DAY = 0.018
"""Median sessions with the shop's app a day."""
USAGE_SPREAD = 1.0
DROPOUT_BY_USAGE = 0.55
"""Dropout is multiplied by exp(-this * z), z being how many spreads above the median a customer uses the app."""
REACHED_BY = ("search", "social", "friend", "advert", "direct")
_REACHED_SHARES = (0.3, 0.25, 0.15, 0.2, 0.1)
DROPOUT_BY_REACHED = np.array([0.8, 1.4, 0.45, 1.7, 0.55])
FAMILY = ("single", "couple", "family", "retired")
_TOYS_OF_FAMILIES = 2.5
CHANNELS = TOUCHES.levels("channel")
PREFERRED_SHARES = (0.50, 0.13, 0.15, 0.12, 0.04, 0.06)
DROPOUT_BY_PREFERRED = np.array([1.0, 1.2, 0.6, 1.0, 0.5, 2.0])
"""Whoever has the app's messages on or comes to events stays; whoever comes for adverts follows the next one."""


@dataclass(frozen=True)
class Population:
    """The customers ``first`` .. ``first + n`` of the world; arrays of length n, rates a day."""

    first: int
    segment: Ints
    registered: Floats
    joined: Floats
    """Day of the first purchase."""
    buys: Bools
    purchase_rate: Floats
    dropout_rate: Floats
    satisfaction: Floats
    """Between 0 and 1, as they arrive; service moves it."""
    care: Floats
    """(n, 3): how much trouble with delivery, quality and service weighs for them; 1 on average."""
    one_time: Bools
    tastes: Floats
    """(n, categories): shares of their lines."""
    favourites: Ints
    """(n, categories): the product of each category they come back for."""
    digital: Floats
    """Share of their orders made on the web or in the app."""
    returns: Floats
    discounts: Floats
    price_sensitivity: Floats
    """Between 0 and 1: how much a week of discounts moves them."""
    browsing: Floats
    usage: Floats
    """Sessions with the shop's app a day."""
    usage_z: Floats
    """The same, as spreads above the median."""
    skill: Floats
    """Share of advanced features they come to use."""
    opens: Floats
    clicks: Floats
    preferred: Ints
    """The channel they answer best, a position in ``CHANNELS``."""
    evening: Bools
    """They answer what comes in the evening better than what comes in the morning."""
    consent_from: Floats
    """Day on which they agreed to marketing; infinite if they never did."""
    town: Ints
    reached_by: Ints
    family: Ints
    companies: Companies

    @property
    def size(self) -> int:
        """Number of customers."""
        return len(self.segment)

    @property
    def delivery_trouble(self) -> Floats:
        """How much likelier than average a delivery goes wrong where they live."""
        return np.asarray(DELIVERY_TROUBLE[self.town], dtype=np.float64)


def draw_population(rng: np.random.Generator, world: World, first: int, size: int) -> Population:
    """Customers who differ within their segment by its ``likeness``."""
    segment = rng.choice(len(SEGMENTS), size, p=column("share") / column("share").sum())
    likeness = column("likeness")[segment]
    joined = _joined(rng, world, segment)
    companies = draw_companies(rng, rng.random(size) < column("company")[segment], joined)
    registered = _registered(rng, joined)
    town, family = draw_towns(rng, size), rng.choice(len(FAMILY), size, p=(0.25, 0.3, 0.3, 0.15))
    usage_z, reached_by = rng.normal(size=size), rng.choice(len(REACHED_BY), size, p=_REACHED_SHARES)
    preferred = rng.choice(len(CHANNELS), size, p=PREFERRED_SHARES)
    by_trait = DROPOUT_BY_REACHED[reached_by] * DROPOUT_BY_PREFERRED[preferred]
    discounts = _share_around(rng, column("discounts")[segment])
    price_sensitivity = np.clip(0.6 * discounts + 0.4 * rng.random(size), 0, 1)
    return Population(
        first=first,
        segment=segment,
        registered=registered,
        joined=joined,
        buys=rng.random(size) >= NEVER_BUY_SHARE,
        purchase_rate=_purchase_rates(rng, segment, price_sensitivity, companies),
        dropout_rate=_dropout_rates(rng, segment, usage_z, by_trait, companies),
        satisfaction=rng.beta(7, 3, size),
        care=rng.gamma(3.0, 1 / 3, (size, 3)),
        one_time=rng.random(size) < column("one_time")[segment],
        tastes=_tastes(rng, segment, family),
        favourites=product_of(np.arange(len(CATEGORIES)), popular_place(rng, (size, len(CATEGORIES)))),
        digital=np.clip(rng.beta(3, 2, size) + DIGITAL_SHIFT[town], 0.02, 0.98),
        returns=np.clip(_around(rng, column("returns")[segment], likeness), 0, 0.8),
        discounts=discounts,
        price_sensitivity=price_sensitivity,
        browsing=_around(rng, column("browsing")[segment], likeness),
        usage=USAGE_A_DAY * np.exp(USAGE_SPREAD * usage_z),
        usage_z=usage_z,
        skill=1 / (1 + np.exp(0.8 - usage_z - rng.normal(0, 0.7, size))),
        opens=_share_around(rng, column("opens")[segment]),
        clicks=_share_around(rng, column("clicks")[segment]),
        preferred=preferred,
        evening=rng.random(size) < 0.5,
        consent_from=_consent_from(rng, registered),
        town=town,
        reached_by=reached_by,
        family=family,
        companies=companies,
    )


def customer_numbers(population: Population, who: Ints) -> pl.Series:
    """The shop's numbers of the customers at the positions ``who``: C0000001, ..."""
    return numbered("C", population.first + who + 1, 7)


def numbered(prefix: str, numbers: Ints, digits: int) -> pl.Series:
    """Identifiers of a fixed width.

    >>> numbered("S", np.array([7]), 4).to_list()
    ['S0007']
    """
    return pl.select(pl.lit(prefix) + pl.Series(numbers).cast(pl.String).str.zfill(digits)).to_series()


def pick(rng: np.random.Generator, values: tuple[str, ...], shares: tuple[float, ...], size: int) -> pl.Series:
    """Labels drawn with the given shares."""
    return labels(values, rng.choice(len(values), size, p=shares))


def _joined(rng: np.random.Generator, world: World, segment: Ints) -> Floats:
    """Day of the first purchase, by the segment's clock: gifters come in December."""
    opening = rng.random(len(segment)) < OPENING_SHARE
    latest = np.where(opening, min(OPENING_DAYS, world.days), world.days)
    begin = demand_days(world, segment, np.zeros(len(segment)))
    end = demand_days(world, segment, latest)
    # The last demand day itself is the end of the span, where nothing happens any more.
    joined = calendar_days(world, segment, begin + (end - begin) * rng.random(len(segment)) * (1 - 1e-9))
    return np.where(np.isfinite(joined), joined, 0.0)


def _registered(rng: np.random.Generator, joined: Floats) -> Floats:
    lead = rng.random(len(joined)) < LEAD_SHARE
    earlier = np.maximum(joined - 1 - rng.exponential(30, len(joined)), joined / 2)
    return np.where(lead, earlier, joined)


def _consent_from(rng: np.random.Generator, registered: Floats) -> Floats:
    agrees, later = rng.random(len(registered)) < 0.8, rng.random(len(registered)) < OPT_IN_SHARE
    opts_in = np.where(later, registered + rng.uniform(20, 400, len(registered)), np.inf)
    return np.where(agrees, registered, opts_in)


def _purchase_rates(rng: np.random.Generator, segment: Ints, price_sensitivity: Floats, companies: Companies) -> Floats:
    """Purchases a day without any campaign; those who wait for discounts buy less outside of them."""
    drawn = _around(rng, 1 / column("gap_days")[segment], column("likeness")[segment])
    return np.clip(drawn * (1.08 - 0.25 * price_sensitivity) * companies.level, 1 / 400, 1 / 4)


def _dropout_rates(
    rng: np.random.Generator, segment: Ints, usage_z: Floats, by_trait: Floats, companies: Companies
) -> Floats:
    """Dropouts a day at neutral satisfaction: few among heavy users and those whom friends brought."""
    drawn = _around(rng, 1 / column("lifetime_days")[segment], column("likeness")[segment])
    by_usage = np.exp(-DROPOUT_BY_USAGE * usage_z - DROPOUT_BY_USAGE**2 / 2)
    # Contacts leave with their company as well, so less often by themselves.
    alone = np.where(companies.number >= 0, 0.15, 1.0)
    return np.asarray(drawn * by_usage * by_trait * alone, dtype=np.float64)


def _around(rng: np.random.Generator, mean: Floats, shape: Floats) -> Floats:
    """Gamma draws with the given means."""
    return np.asarray(rng.gamma(shape) * mean / shape, dtype=np.float64)


def _share_around(rng: np.random.Generator, mean: Floats) -> Floats:
    return np.asarray(rng.beta(4 * mean, 4 * (1 - mean)), dtype=np.float64)


def _tastes(rng: np.random.Generator, segment: Ints, family: Ints) -> Floats:
    """Dirichlet draws around the segment's tastes; families want toys."""
    weights = np.array([segment.tastes for segment in SEGMENTS])
    drawn = rng.gamma(4 * (weights / weights.sum(axis=1, keepdims=True))[segment]) + 1e-12
    drawn[:, CATEGORIES.index("toys")] *= np.where(family == FAMILY.index("family"), _TOYS_OF_FAMILIES, 1.0)
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True), dtype=np.float64)

"""Who the customers are: a latent segment each, own rates drawn around it, and what the shop knows of them."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulation.catalogue import CATEGORIES, popular_place, product_of
from pipelines.simulation.segments import SEGMENTS, Bools, Floats, Ints, column, labels
from pipelines.simulation.world import World, calendar_days, demand_days

NEVER_BUY_SHARE = 0.04
OPENING_SHARE = 0.25
OPENING_DAYS = 30.0
"""A quarter of the customers are there when the export begins and buy in its first month."""

_TOWNS = (
    ("London", "United Kingdom", "en", "city"),
    ("Leeds", "United Kingdom", "en", "city"),
    ("Bath", "United Kingdom", "en", "suburb"),
    ("Kendal", "United Kingdom", "en", "country"),
    ("Dublin", "Ireland", "en", "city"),
    ("Lyon", "France", "fr", "city"),
    ("Freiburg", "Germany", "de", "suburb"),
    ("Ghent", "Belgium", "nl", "city"),
)
_TOWN_SHARES = (0.30, 0.16, 0.12, 0.10, 0.10, 0.08, 0.08, 0.06)
_INCOME = ("low", "middle", "high")
_FAMILY = ("single", "couple", "family", "retired")
_EDUCATION = ("school", "college", "university")
_REACHED_BY = ("search", "social", "friend", "advert", "direct")
_SECTORS = ("retail", "hospitality", "education", "events")
_SIZES = ("1-9", "10-49", "50-249")
_FUNCTIONS = ("owner", "buyer", "office")


@dataclass(frozen=True)
class Population:
    """The customers ``first`` .. ``first + n`` of the world; arrays of length n, rates a day."""

    first: int
    segment: Ints
    joined: Floats
    buys: Bools
    purchase_rate: Floats
    dropout_rate: Floats
    satisfaction: Floats
    """Between 0 and 1, as they arrive; service moves it."""
    one_time: Bools
    tastes: Floats
    """(n, categories): shares of their lines."""
    favourites: Ints
    """(n, categories): the product of each category they come back for."""
    digital: Floats
    """Share of their orders made on the web or in the app."""
    returns: Floats
    discounts: Floats
    browsing: Floats
    opens: Floats
    clicks: Floats
    consent: Bools

    @property
    def size(self) -> int:
        """Number of customers."""
        return len(self.segment)


def draw_population(rng: np.random.Generator, world: World, first: int, size: int) -> Population:
    """Customers who differ within their segment as much as its ``likeness`` says."""
    segment = rng.choice(len(SEGMENTS), size, p=column("share") / column("share").sum())
    likeness = column("likeness")[segment]
    return Population(
        first=first,
        segment=segment,
        joined=_joined(rng, world, segment),
        buys=rng.random(size) >= NEVER_BUY_SHARE,
        purchase_rate=np.clip(_around(rng, 1 / column("gap_days")[segment], likeness), 1 / 400, 1 / 4),
        dropout_rate=_around(rng, 1 / column("lifetime_days")[segment], likeness),
        satisfaction=rng.beta(7, 3, size),
        one_time=rng.random(size) < column("one_time")[segment],
        tastes=_tastes(rng, segment),
        favourites=product_of(np.arange(len(CATEGORIES)), popular_place(rng, (size, len(CATEGORIES)))),
        digital=rng.beta(3, 2, size),
        returns=np.clip(_around(rng, column("returns")[segment], likeness), 0, 0.8),
        discounts=_share_around(rng, column("discounts")[segment]),
        browsing=_around(rng, column("browsing")[segment], likeness),
        opens=_share_around(rng, column("opens")[segment]),
        clicks=_share_around(rng, column("clicks")[segment]),
        consent=rng.random(size) < 0.8,
    )


def describe_customers(rng: np.random.Generator, population: Population) -> pl.DataFrame:
    """The shop's customer register; demography leans on the segment, too little to name it."""
    size, segment = population.size, population.segment
    town = rng.choice(len(_TOWNS), size, p=_TOWN_SHARES)
    age = np.clip(rng.normal(np.array([48, 44, 36, 46, 31, 38])[segment], 12), 18, 90)
    company = rng.random(size) < column("company")[segment]
    interest = np.argsort(population.tastes, axis=1)[:, ::-1]
    frame = pl.DataFrame(
        {
            "customer_no": customer_numbers(population, np.arange(size)),
            "_at": population.joined,
            "birth_year": pl.Series((2024 - age).astype(np.int64)).cast(pl.String),
            "gender": _pick(rng, ("f", "m", "x"), (0.55, 0.43, 0.02), size),
            "income_band": _pick(rng, _INCOME, (0.3, 0.5, 0.2), size),
            "family_status": _pick(rng, _FAMILY, (0.25, 0.3, 0.3, 0.15), size),
            "education": _pick(rng, _EDUCATION, (0.35, 0.3, 0.35), size),
            "town": labels([place[0] for place in _TOWNS], town),
            "country": labels([place[1] for place in _TOWNS], town),
            "language": labels([place[2] for place in _TOWNS], town),
            "urbanity": labels([place[3] for place in _TOWNS], town),
            "reached_by": _pick(rng, _REACHED_BY, (0.3, 0.25, 0.15, 0.2, 0.1), size),
            "interests": labels(CATEGORIES, interest[:, 0]) + ";" + labels(CATEGORIES, interest[:, 1]),
            "newsletter": labels(("no", "yes"), population.consent.astype(np.int64)),
            "sector": _pick(rng, _SECTORS, (0.4, 0.3, 0.15, 0.15), size),
            "company_size": _pick(rng, _SIZES, (0.7, 0.25, 0.05), size),
            "contact_function": _pick(rng, _FUNCTIONS, (0.6, 0.25, 0.15), size),
        }
    )
    firm = pl.Series(company)
    hidden = pl.Series(rng.random(size) < 0.3)
    return frame.with_columns(
        [pl.when(firm).then(pl.col(name)).alias(name) for name in ("sector", "company_size", "contact_function")]
        + [pl.when(~hidden).then(pl.col(name)).alias(name) for name in ("income_band", "family_status", "education")]
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


def _joined(rng: np.random.Generator, world: World, segment: Ints) -> Floats:
    """Day of the first purchase, by the segment's clock: gifters come in December."""
    opening = rng.random(len(segment)) < OPENING_SHARE
    latest = np.where(opening, min(OPENING_DAYS, world.days), world.days)
    begin = demand_days(world, segment, np.zeros(len(segment)))
    end = demand_days(world, segment, latest)
    # The last demand day itself is the end of the span, where nothing happens any more.
    joined = calendar_days(world, segment, begin + (end - begin) * rng.random(len(segment)) * (1 - 1e-9))
    return np.where(np.isfinite(joined), joined, 0.0)


def _around(rng: np.random.Generator, mean: Floats, shape: Floats) -> Floats:
    """Gamma draws with the given means."""
    return np.asarray(rng.gamma(shape) * mean / shape, dtype=np.float64)


def _share_around(rng: np.random.Generator, mean: Floats) -> Floats:
    return np.asarray(rng.beta(4 * mean, 4 * (1 - mean)), dtype=np.float64)


def _tastes(rng: np.random.Generator, segment: Ints) -> Floats:
    """Dirichlet draws around the segment's tastes."""
    weights = np.array([segment.tastes for segment in SEGMENTS])
    drawn = rng.gamma(4 * (weights / weights.sum(axis=1, keepdims=True))[segment]) + 1e-12
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True), dtype=np.float64)


def _pick(rng: np.random.Generator, values: tuple[str, ...], shares: tuple[float, ...], size: int) -> pl.Series:
    return labels(values, rng.choice(len(values), size, p=shares))

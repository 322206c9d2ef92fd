"""Where customers live: how they order and how well deliveries reach them differ by place."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulation.shop.segments import Ints, labels


@dataclass(frozen=True)
class Place:
    """A town the shop delivers to."""

    town: str
    region: str
    country: str
    language: str
    urbanity: str
    share: float
    delivery_trouble: float
    """Of deliveries there, over the average."""


PLACES = (
    Place("London", "London", "United Kingdom", "en", "city", 0.28, 0.8),
    Place("Leeds", "Yorkshire", "United Kingdom", "en", "city", 0.15, 0.8),
    Place("Bath", "South West", "United Kingdom", "en", "suburb", 0.12, 0.9),
    Place("Kendal", "North West", "United Kingdom", "en", "country", 0.12, 1.8),
    Place("Dublin", "Leinster", "Ireland", "en", "city", 0.09, 1.2),
    Place("Lyon", "Auvergne-Rhône-Alpes", "France", "fr", "city", 0.06, 1.0),
    Place("Orléans", "Centre-Val de Loire", "France", "fr", "suburb", 0.03, 1.1),
    Place("Freiburg", "Baden", "Germany", "de", "suburb", 0.05, 0.8),
    Place("Münster", "Westphalia", "Germany", "de", "city", 0.03, 0.8),
    Place("Ghent", "Flanders", "Belgium", "nl", "city", 0.04, 1.0),
    Place("Liège", "Wallonia", "Belgium", "fr", "country", 0.03, 1.7),
)
DELIVERY_TROUBLE = np.array([place.delivery_trouble for place in PLACES])
DIGITAL_SHIFT = np.array([0.12 if place.urbanity == "country" else 0.0 for place in PLACES])
"""In the country the way to a store is long."""
_SHARES = np.array([place.share for place in PLACES])


def draw_places(rng: np.random.Generator, size: int) -> Ints:
    """Positions in ``PLACES``, by their shares."""
    return np.asarray(rng.choice(len(PLACES), size, p=_SHARES / _SHARES.sum()), dtype=np.int64)


def elsewhere(rng: np.random.Generator, place: Ints) -> Ints:
    """For each a place other than the one they live in."""
    return (place + rng.integers(1, len(PLACES), len(place))) % len(PLACES)


def described(place: Ints) -> dict[str, pl.Series]:
    """Columns of the register that follow from the place."""
    return {
        name: labels([str(getattr(known, name)) for known in PLACES], place)
        for name in ("town", "region", "country", "language", "urbanity")
    }

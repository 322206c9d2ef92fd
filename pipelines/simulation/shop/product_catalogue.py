"""What the shop sells."""

import numpy as np
import polars as pl

from pipelines.simulation.shop.segments import FLAT_YEAR, Floats, Ints, labels

CATEGORIES = ("kitchen", "garden", "toys", "gifts", "clothing", "beauty", "stationery", "electronics")
PRODUCTS_PER_CATEGORY = 40
PRODUCTS_N = len(CATEGORIES) * PRODUCTS_PER_CATEGORY

_MEDIAN_PRICE = (14.0, 18.0, 16.0, 9.0, 32.0, 12.0, 4.5, 55.0)
RETURN_FACTOR = np.array([0.7, 0.5, 0.8, 0.7, 2.2, 0.6, 0.3, 1.4])
"""How much likelier than average a product of each category is sent back."""
_NOUNS = {
    "kitchen": ("pan", "kettle", "mug", "board"),
    "garden": ("trowel", "planter", "lantern", "hose"),
    "toys": ("puzzle", "blocks", "kite", "doll"),
    "gifts": ("candle", "frame", "hamper", "ornament"),
    "clothing": ("shirt", "jumper", "dress", "scarf"),
    "beauty": ("cream", "soap", "balm", "scent"),
    "stationery": ("notebook", "pen", "cards", "folder"),
    "electronics": ("speaker", "headset", "charger", "lamp"),
}
_LOOKS = ("plain", "blue", "oak", "vintage", "striped", "small", "large", "red", "enamel", "woven")
_BRANDS = ("Alder", "Brook", "Cobalt", "Dunmore", "Ember")

# Demand by month, January first: categories follow their own year, whoever buys.
_CATEGORY_YEAR = {
    "garden": (0.3, 0.5, 1.2, 1.9, 2.2, 1.9, 1.5, 1.0, 0.7, 0.4, 0.3, 0.3),
    "toys": (0.6, 0.6, 0.7, 0.8, 0.8, 0.9, 1.0, 0.8, 0.8, 1.0, 1.8, 2.2),
    "gifts": (0.5, 1.2, 0.9, 0.7, 1.0, 0.7, 0.6, 0.6, 0.7, 1.0, 1.9, 2.4),
    "stationery": (0.9, 0.7, 0.8, 0.8, 0.9, 0.9, 0.9, 1.9, 1.8, 0.9, 0.8, 0.8),
}
_YEARS = np.array([_CATEGORY_YEAR.get(name, FLAT_YEAR) for name in CATEGORIES])
_SKUS = tuple(f"P{c + 1}{p + 1:03d}" for c in range(len(CATEGORIES)) for p in range(PRODUCTS_PER_CATEGORY))


def build_product_catalogue(rng: np.random.Generator) -> pl.DataFrame:
    """One row a product, category by category."""
    rows = []
    for number in range(PRODUCTS_N):
        category = number // PRODUCTS_PER_CATEGORY
        place = number % PRODUCTS_PER_CATEGORY
        noun, look = _NOUNS[CATEGORIES[category]][place % 4], _LOOKS[place // 4]
        price = round(float(_MEDIAN_PRICE[category] * np.exp(rng.normal(0, 0.5))), 2)
        rows.append(
            {
                "sku": _SKUS[number],
                "title": f"{look} {noun}",
                "category": CATEGORIES[category],
                "brand": _BRANDS[int(rng.integers(len(_BRANDS)))],
                "price": price,
                "cost": round(price * float(rng.uniform(0.4, 0.75)), 2),
            }
        )
    return pl.DataFrame(rows)


def sku(product: Ints) -> pl.Series:
    """Stock-keeping units of rows of the catalogue."""
    return labels(_SKUS, product)


def product_of(category: Ints, place: Ints) -> Ints:
    """Row of the catalogue of a place within a category."""
    return np.asarray(category * PRODUCTS_PER_CATEGORY + place, dtype=np.int64)


def popular_place(rng: np.random.Generator, shape: int | tuple[int, int]) -> Ints:
    """Places within a category; the first ones sell most."""
    return np.asarray(PRODUCTS_PER_CATEGORY * rng.random(shape) ** 2.5, dtype=np.int64)


def category_demand(month: Ints) -> Floats:
    """(n, categories): how much each category is asked for in months 0..11."""
    return np.asarray(_YEARS.T[month], dtype=np.float64)

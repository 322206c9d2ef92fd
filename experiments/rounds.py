"""Rounds of a test: which rows a model learns from and which it is scored on, by time or by customer.

A study of many dates is tested at cutoffs: a model learns from the labels known at one and is scored on its rows. Data
of one date have no earlier cutoff, so customers are divided into folds by their ids, and a model learns from the
customers of other folds. A customer's fold depends on nothing else: the last one is unseen by every later model too.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.predictor import known_at
from models.sample import Mask, Sample

Round = tuple[Sample, Sample]
"""The rows to fit on and the rows to score."""
Folds = NDArray[np.int64]
"""(n,) the fold of each row of a dataset."""


def folds_of(customer_id: Iterable[str], folds_n: int, seed: int) -> Folds:
    """The fold of each customer, from 0 below ``folds_n``: SHA-256 of the seed and the id.

    >>> folds_of(["a", "b", "a"], 10, seed=7).tolist()
    [5, 1, 5]
    """
    digests = (hashlib.sha256(f"{seed}\nfold\n{customer}".encode()).digest() for customer in customer_id)
    return np.array([int.from_bytes(each[:8]) % folds_n for each in digests], dtype=np.int64)


def scored(sample: Sample, folds: Folds | None, key: float) -> Mask:
    """A mask of the sample's rows at the cutoff ``key``, or, with ``folds``, of those in the fold ``key``."""
    found: Mask = sample.as_of == key if folds is None else folds[sample.places] == key
    return found


def learnt(sample: Sample, folds: Folds | None, key: float, among: Sequence[float]) -> Sample:
    """What is known at the cutoff ``key``; with ``folds``, the rows of the folds ``among`` but this one."""
    if folds is None:
        return known_at(sample, key)
    own = folds[sample.places]
    return sample.where((own != key) & np.isin(own, among))


def rounds(sample: Sample, folds: Folds | None, keys: Sequence[float], among: Sequence[float]) -> list[Round]:
    """One round per key."""
    return [(learnt(sample, folds, key, among), sample.where(scored(sample, folds, key))) for key in keys]


def customers(
    customer_id: "pd.Series[Any]", as_of: NDArray[np.float64], folds: Folds | None, keys: Sequence[float]
) -> NDArray[np.int64]:
    """The customer, as a number, of each row at the keys, in their order, rows in the dataset's order."""
    place = as_of if folds is None else folds
    return np.asarray(pd.factorize(pd.concat([customer_id[place == key] for key in keys]))[0], dtype=np.int64)

"""The nearest neighbours are those of a full comparison, whatever the rotation, the batch and the ties."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from models.segments import neighbours
from models.segments.neighbours import Floats, Neighbours, Rows


def compared_with_all(points: Floats, Z: Floats, count: int) -> tuple[Floats, Rows]:
    """Every distance, sorted by distance and number."""
    distance = np.sqrt(neighbours.squared_distances(Z[:, None, :], points[None, :, :]))
    number = np.tile(np.arange(len(points)), (len(Z), 1))
    order = np.lexsort((number, distance), axis=1)[:, :count]
    return np.take_along_axis(distance, order, axis=1), order


def customers(features: int, rows: int = 400, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 3)) @ rng.normal(size=(3, features)) + rng.normal(0, 0.2, (rows, features))


@pytest.mark.parametrize("features", [1, 3, 4, 7, 22])
def test_neighbours_and_distances_are_those_of_a_full_comparison(features: int) -> None:
    points = customers(features)
    Z = customers(features, rows=100, seed=1)
    distance, number = Neighbours.of(points).nearest(Z, 12)
    full, order = compared_with_all(points, Z, 12)
    assert (distance == full).all()
    assert (number == order).all()


@pytest.mark.parametrize("copies", [2, 60])
def test_ties_go_to_the_smaller_number_however_many_there_are(copies: int) -> None:
    points = np.tile(customers(3, rows=60).round(0), (copies, 1))
    distance, number = Neighbours.of(points).nearest(points[:80], 5)
    full, order = compared_with_all(points, points[:80], 5)
    assert (distance == full).all()
    assert (number == order).all()


@pytest.mark.parametrize("features", [3, 10, 23])
def test_distances_have_the_bits_of_the_tree_that_earlier_models_were_fitted_with(features: int) -> None:
    points, Z = customers(features), customers(features, seed=2)
    assert (Neighbours.of(points).nearest(Z, 9)[0] == cKDTree(points).query(Z, k=9)[0]).all()


def test_one_row_has_the_bits_of_the_batch_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Neighbours.of(np.tile(customers(5), (2, 1)))
    Z = customers(5, rows=90, seed=3)
    batch = found.nearest(Z, 7)
    monkeypatch.setattr(neighbours, "PAIRS", 50)
    alone = [found.nearest(row[None], 7) for row in Z]
    for again in (found.nearest(Z, 7), [np.concatenate(arrays) for arrays in zip(*alone, strict=True)]):
        assert (again[0] == batch[0]).all()
        assert (again[1] == batch[1]).all()


def test_points_beyond_the_limit_are_left_out_and_the_others_stay() -> None:
    points, Z = customers(4), customers(4, seed=4)
    found = Neighbours.of(points)
    everywhere, numbers = found.nearest(Z, 6)
    limit = float(np.median(everywhere))
    distance, number = found.nearest(Z, 6, within=limit)
    near = everywhere <= limit
    assert (distance[near] == everywhere[near]).all()
    assert (number[near] == numbers[near]).all()
    assert np.isinf(distance[~near]).all()
    assert (number[~near] == len(points)).all()


def test_no_rows_have_no_neighbours_and_few_points_leave_places_empty() -> None:
    found = Neighbours.of(customers(3, rows=2))
    assert found.nearest(np.empty((0, 3)), 4)[0].shape == (0, 4)
    distance, number = found.nearest(np.zeros((1, 3)), 4)
    assert np.isfinite(distance[0]).tolist() == [True, True, False, False]
    assert number[0, 2:].tolist() == [2, 2]

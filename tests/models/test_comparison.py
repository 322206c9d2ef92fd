"""Two segmentations side by side: the relations by hand, and the agreement as scikit-learn has it."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from models.segments.comparison import adjusted_rand, compared, in_words


def test_a_segment_is_the_same_merged_split_scattered_or_new() -> None:
    counts = np.array(
        [
            # a    b    c    d    e
            [90.0, 5.0, 0.0, 0.0, 5.0],  # s1 is a
            [60.0, 0.0, 0.0, 0.0, 0.0],  # s2 is merged into a
            [0.0, 80.0, 60.0, 0.0, 0.0],  # s3 is b, and c is split from it
            [0.0, 0.0, 0.0, 9.0, 9.0],  # s4 is d
            [10.0, 10.0, 10.0, 0.0, 9.0],  # s5 is scattered
        ]
    )
    found = compared(counts, ["s1", "s2", "s3", "s4", "s5"], ["a", "b", "c", "d", "e"])
    kinds = {(each.kind, each.one, each.other): each.customers for each in found.relations}
    assert kinds == {
        ("same", "s1", "a"): 90,
        ("same", "s3", "b"): 80,
        ("same", "s4", "d"): 9,
        ("merged", "s2", "a"): 60,
        ("scattered", "s5", ""): 39,
        ("split", "s3", "c"): 60,
        ("new", "", "e"): 23,
    }
    assert found.customers == counts.sum()
    assert found.moved == counts.sum() - 90 - 80 - 9
    assert len(in_words(found, {"one": {"s1": "Big"}, "other": {}})) == 7


def test_the_same_segmentation_agrees_wholly_and_nobody_moves() -> None:
    found = compared(np.diag([40.0, 30.0, 5.0]), ["s1", "s2", "s0"], ["s1", "s2", "s0"])
    assert {each.kind for each in found.relations} == {"same"}
    assert (found.moved, found.agreement) == (0, 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_agreement_is_scikit_learns(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = random.integers(0, 4, 300), random.integers(0, 3, 300)
    other[:150] = one[:150] % 3
    counts = np.array([[float(((one == i) & (other == j)).sum()) for j in range(3)] for i in range(4)])
    assert adjusted_rand(counts) == pytest.approx(adjusted_rand_score(one, other))

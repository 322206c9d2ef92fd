"""Shared work is computed once by all processes, and reading it back changes no bit."""

import multiprocessing
import os
import pickle
import time
from pathlib import Path

import hdbscan as library
import numpy as np
import pandas as pd
import pytest

from models.segments import shared
from models.segments.clusterers import hdbscan
from models.segments.shared import SharedFolder, once

ROWS = np.arange(6.0).reshape(3, 2)


def slow_square(folder: Path) -> None:
    """Compute through the folder, and leave a mark each time that the work is really done."""

    def compute() -> tuple[np.ndarray, ...]:
        with (folder / "done").open("a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(0.3)
        return (ROWS**2,)

    (found,) = once(folder, "square", (ROWS,), compute)
    assert (found == ROWS**2).all()


def test_processes_that_ask_at_the_same_time_compute_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=slow_square, args=(tmp_path,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert len((tmp_path / "done").read_text().splitlines()) == 1


def test_other_content_shape_or_name_is_other_work(tmp_path: Path) -> None:
    asked = [("a", ROWS, 1), ("a", ROWS + 1, 1), ("a", ROWS.reshape(2, 3), 1), ("a", ROWS, 2), ("b", ROWS, 1)]
    for number, (name, *inputs) in enumerate(asked):
        assert once(tmp_path, name, inputs, lambda number=number: (np.array(number),))[0] == number
    for number, (name, *inputs) in enumerate(asked):
        assert once(tmp_path, name, inputs, lambda: pytest.fail("computed twice"))[0] == number


def test_work_that_fails_leaves_nothing_and_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        once(tmp_path, "half", (ROWS,), lambda: (np.array(1 / 0),))
    assert once(tmp_path, "half", (ROWS,), lambda: (np.array(0.5),))[0] == 0.5


def test_fits_share_a_tree_by_min_samples_and_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    build = library.hdbscan_._hdbscan_boruvka_kdtree

    def counted(*args: object, **more: object) -> object:
        built.append(args[1])
        return build(*args, **more)

    monkeypatch.setattr(library.hdbscan_, "_hdbscan_boruvka_kdtree", counted)
    rng = np.random.default_rng(0)
    Z = np.concatenate([rng.normal(centre, 0.5, (150, 3)) for centre in (0, 4)])
    X = pd.DataFrame()
    for min_samples in (5, 10):
        for share, epsilon, selection in [(0.03, 0.0, "eom"), (0.05, 0.3, "leaf"), (0.1, 0.1, "eom")]:
            params = {
                "min_cluster_share": share,
                "min_samples": min_samples,
                "epsilon": epsilon,
                "selection": selection,
            }
            model = hdbscan.fit(X, Z, params, 0, tmp_path)
            assert hdbscan.dump(model) == hdbscan.dump(hdbscan.fit(X, Z, params, 0, None))
            for one, other in zip(hdbscan.assign(model, X, Z, tmp_path), hdbscan.assign(model, X, Z), strict=True):
                assert (one == other).all()
    assert len(built) == 6 + 2  # one for each fit without the folder, one for each min_samples with it


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(file: object, *arrays: object) -> None:  # noqa: ARG001
        file.write(b"half")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shared.np, "savez", interrupted)
        with pytest.raises(KeyboardInterrupt):
            once(tmp_path, "square", (ROWS,), lambda: (ROWS,))
    assert once(tmp_path, "square", (ROWS,), lambda: (ROWS**2,))[0][2, 1] == 25


def test_the_folder_ends_with_its_maker_not_with_a_copy() -> None:
    folder = SharedFolder.new()
    path = folder.path
    copy = pickle.loads(pickle.dumps(folder))
    assert copy.path == path
    del copy
    assert path.is_dir()
    assert folder.made is not None
    folder.made.cleanup()
    assert not path.exists()

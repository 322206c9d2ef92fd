"""A workspace can be moved and copied: its artifacts are found where it is now."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from mlflow.artifacts import download_artifacts

from experiments.tracking.runs import open_client, open_experiment
from experiments.tracking.stores import Stores


def stores_in(home: Path) -> Stores:
    return Stores(f"sqlite:///{home / 'mlflow.db'}", home / "artifacts", "")


def a_run(stores: Stores, text: str) -> str:
    client = open_client(stores)
    run = client.create_run(open_experiment(client, stores, "study"))
    client.log_text(run.info.run_id, text, "note.txt")
    return str(run.info.run_id)


def note(stores: Stores, run_id: str) -> str:
    return Path(
        download_artifacts(run_id=run_id, artifact_path="note.txt", tracking_uri=stores.tracking_uri)
    ).read_text()


def dump(home: Path) -> str:
    with closing(sqlite3.connect(home / "mlflow.db")) as con:
        return "\n".join(con.iterdump())


def test_a_moved_workspace_finds_its_artifacts_and_writes_new_ones(
    make_stores: Callable[[], Stores], tmp_path: Path
) -> None:
    old = Path(str(make_stores().artifact_root)).parent
    run_id = a_run(stores_in(old), "before")
    new = tmp_path / "a place with ünusual % letters"
    shutil.move(old, new)
    again = a_run(stores_in(new), "after")
    assert note(stores_in(new), run_id) == "before"
    assert note(stores_in(new), again) == "after"
    assert not old.exists(), "nothing is written to where it was"
    assert old.name not in dump(new).replace(new.name, "")


def test_each_of_two_copies_reads_its_own_artifacts(make_stores: Callable[[], Stores], tmp_path: Path) -> None:
    one = Path(str(make_stores().artifact_root)).parent
    run_id = a_run(stores_in(one), "one")
    two = Path(shutil.copytree(one, tmp_path / "two"))
    (written,) = two.rglob("note.txt")
    written.write_text("two")
    before = dump(one)
    for home, text in ((two, "two"), (one, "one")):
        open_client(stores_in(home))
        assert note(stores_in(home), run_id) == text
    assert dump(one) == before


def test_a_database_shared_by_two_workspaces_is_left_alone(make_stores: Callable[[], Stores], tmp_path: Path) -> None:
    stores = make_stores()
    open_client(stores)
    home = Path(str(stores.artifact_root)).parent
    before = dump(home)
    open_client(replace(stores, artifact_root=tmp_path / "other" / "artifacts"))
    assert dump(home) == before

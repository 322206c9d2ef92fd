"""A workspace can be moved and copied: its artifacts are found where it is now, and no database says where it was."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import mlflow
import pytest
from mlflow.artifacts import download_artifacts

from experiments.tracking import relocation
from experiments.tracking.artifacts import repository
from experiments.tracking.databases import connect
from experiments.tracking.runs import open_client, open_experiment
from experiments.tracking.stores import ARTIFACTS, Stores

MakeStores = Callable[[], Stores]


def home_of(stores: Stores) -> Path:
    return Path(stores.tracking_uri.removeprefix("sqlite:///")).parent


def stores_in(home: Path) -> Stores:
    return Stores(f"sqlite:///{home / 'mlflow.db'}", None, "")


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


def made_absolute(home: Path) -> None:
    """Write the locations as earlier versions did."""
    columns = (("experiments", "artifact_location"), ("runs", "artifact_uri"))
    with closing(sqlite3.connect(home / "mlflow.db")) as con, con:
        for table, column in columns:
            con.execute(
                f"UPDATE {table} SET {column} = replace({column}, 'mlflow-artifacts:', ?)",
                [(home / ARTIFACTS).as_uri()],
            )


def test_no_location_in_the_database_names_a_folder(make_stores: MakeStores) -> None:
    stores = make_stores()
    a_run(stores, "hello")
    assert str(home_of(stores)) not in dump(home_of(stores))
    assert "file:" not in dump(home_of(stores))


@pytest.mark.parametrize("earlier", [False, True], ids=["relative", "absolute as in 0.4"])
def test_a_moved_workspace_finds_its_artifacts_and_writes_new_ones(
    earlier: bool, make_stores: MakeStores, tmp_path: Path
) -> None:
    old = home_of(make_stores())
    run_id = a_run(stores_in(old), "before")
    if earlier:
        made_absolute(old)
    new = tmp_path / "a place with ünusual % letters"
    shutil.move(old, new)
    again = a_run(stores_in(new), "after")
    assert note(stores_in(new), run_id) == "before"
    assert note(stores_in(new), again) == "after"
    assert not old.exists(), "nothing is written to where it was"
    assert old.name not in dump(new)


def test_each_of_two_copies_reads_its_own_artifacts(make_stores: MakeStores, tmp_path: Path) -> None:
    one = home_of(make_stores())
    run_id = a_run(stores_in(one), "one")
    two = Path(shutil.copytree(one, tmp_path / "two"))
    (written,) = two.rglob("note.txt")
    written.write_text("two")
    before = dump(one)
    for home, text in ((two, "two"), (one, "one")):
        open_client(stores_in(home))
        assert note(stores_in(home), run_id) == text
    assert dump(one) == before


def test_locations_in_another_folder_stay_as_they_are(make_stores: MakeStores, tmp_path: Path) -> None:
    home = home_of(make_stores())
    run_id = a_run(stores_in(home), "elsewhere")
    made_absolute(home)
    shared = tmp_path / "shared"
    shared.mkdir()
    shutil.move(home / "mlflow.db", shared)
    before = dump(shared)
    open_client(stores_in(shared))
    assert dump(shared) == before
    assert note(stores_in(shared), run_id) == "elsewhere"


def test_a_workspace_that_cannot_be_written_is_read_as_it_is(
    make_stores: MakeStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_of(make_stores())
    run_id = a_run(stores_in(home), "hello")
    made_absolute(home)

    def read_only(path: Path) -> sqlite3.Connection:
        con = connect(path)
        con.execute("PRAGMA query_only = ON")
        return con

    monkeypatch.setattr(relocation, "connect", read_only)
    open_client(stores_in(home))
    assert note(stores_in(home), run_id) == "hello"


def test_a_notebook_reads_an_artifact_by_the_address_of_the_database(
    make_stores: MakeStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow does not always pass the tracking URI on; then the one in force counts, be it relative."""
    stores = make_stores()
    run_id = a_run(stores, "hello")
    monkeypatch.chdir(home_of(stores).parent)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{os.path.relpath(home_of(stores))}/mlflow.db")
    location = mlflow.get_run(run_id).info.artifact_uri
    assert location.startswith("mlflow-artifacts:/study/")
    assert Path(repository(location).download_artifacts("note.txt")).read_text() == "hello"


def test_a_location_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not below"):
        repository("mlflow-artifacts:/../../etc", f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_a_server_is_asked_for_its_own_artifacts() -> None:
    assert repository("mlflow-artifacts:/1/a", "http://127.0.0.1:1").artifact_uri == (
        "http://127.0.0.1:1/api/2.0/mlflow-artifacts/artifacts/1/a"
    )

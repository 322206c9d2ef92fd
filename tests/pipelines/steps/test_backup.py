"""A workspace comes back from its backup as it was, or not at all."""

import io
import json
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from features.errors import BadArtifact, BadInput, CoterieError, NotFound
from pipelines.steps.backup import FORMAT, MANIFEST, back_up
from pipelines.steps.restore import restore
from pipelines.workspace import Workspace

FILES = {
    "canonical/a/orders.parquet": "orders",
    "canonical/CURRENT": "a\n",
    "pseudonym.key": "key",
    "erased.json": "{}",
    "mlartifacts/churn/m/artifacts/note.txt": "note",
    "bentoml/models/coterie/latest": "v",
}
LEFT_OUT = (
    "snapshots/x/snapshot.parquet",
    "extracts/x/orders.parquet",
    "canonical/.draft-b/orders.parquet",
    ".scratch/ingest-1/ingest.duckdb",
    "writer.lock",
    "mlflow.db.lock",
)


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    home = tmp_path / "home"
    for name, text in {**FILES, **dict.fromkeys(LEFT_OUT, "left out")}.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    with closing(sqlite3.connect(home / "mlflow.db")) as con, con:
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("CREATE TABLE runs (id)")
        con.execute("INSERT INTO runs VALUES (1)")
    return Workspace(home)


def contents(home: Path) -> dict[str, str]:
    files = [path for path in home.rglob("*") if path.is_file() and path.suffix != ".db"]
    return {path.relative_to(home).as_posix(): path.read_text() for path in files}


def test_what_was_backed_up_is_restored_and_nothing_else(space: Workspace, tmp_path: Path) -> None:
    result = back_up(space, tmp_path / "shop.tar")
    restore(Workspace(tmp_path / "elsewhere" / "home"), tmp_path / "shop.tar")
    assert contents(tmp_path / "elsewhere" / "home") == FILES
    assert result["files"] == len(FILES) + 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "home", "shop.tar"]
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["home"]


def test_a_database_is_copied_while_somebody_writes_to_it(space: Workspace, tmp_path: Path) -> None:
    with closing(sqlite3.connect(space.home / "mlflow.db", isolation_level=None)) as writer:
        writer.execute("INSERT INTO runs VALUES (2)")  # committed, and only in the journal yet
        writer.execute("BEGIN")
        writer.execute("INSERT INTO runs VALUES (3)")
        back_up(space, tmp_path / "shop.tar")
    restore(Workspace(tmp_path / "new"), tmp_path / "shop.tar")
    with closing(sqlite3.connect(tmp_path / "new" / "mlflow.db")) as con:
        assert con.execute("SELECT id FROM runs").fetchall() == [(1,), (2,)]


def test_only_its_owner_can_read_a_backup(space: Workspace, tmp_path: Path) -> None:
    back_up(space, tmp_path / "shop.tar")
    assert (tmp_path / "shop.tar").stat().st_mode & 0o777 == 0o600


def test_the_backup_says_what_the_environment_keeps_elsewhere(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert back_up(space, tmp_path / "all.tar")["elsewhere"] == []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://me:secret@db/runs")
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "bentoml"))
    result = back_up(space, tmp_path / "part.tar")
    assert result["elsewhere"] == ["runs", "the BentoML store"]
    assert "secret" not in result["message"]


@pytest.mark.parametrize("place", ["home/inside.tar", "no/such/folder.tar", "there.tar"])
def test_a_backup_goes_to_a_new_file_outside(place: str, space: Workspace, tmp_path: Path) -> None:
    (tmp_path / "there.tar").write_text("precious")
    with pytest.raises(BadInput):
        back_up(space, tmp_path / place)
    assert (tmp_path / "there.tar").read_text() == "precious"


def test_an_empty_workspace_is_not_backed_up(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing to back up"):
        back_up(Workspace(tmp_path / "none"), tmp_path / "shop.tar")


def test_a_workspace_that_another_program_unpacked_can_be_backed_up_again(space: Workspace, tmp_path: Path) -> None:
    back_up(space, tmp_path / "shop.tar")
    with tarfile.open(tmp_path / "shop.tar") as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    back_up(Workspace(tmp_path / "unpacked"), tmp_path / "again.tar")
    restore(Workspace(tmp_path / "new"), tmp_path / "again.tar")
    assert contents(tmp_path / "new") == FILES


def damaged(backup: Path, how: str) -> None:
    if how == "cut short":
        backup.write_bytes(backup.read_bytes()[:-9000])
    elif how == "a byte changed":
        backup.write_bytes(backup.read_bytes().replace(b"orders", b"0rders", 2))
    elif how == "another archive":
        with tarfile.open(backup, "w") as archive:
            archive.add(__file__, "file.py")
    elif how == "a member that points out of it":
        with tarfile.open(backup, "a") as archive:
            archive.add(__file__, "../outside.py")
    else:
        backup.write_text("no archive")


def rewritten(backup: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Write the archive anew with other files in it: nothing but the hashes can tell."""
    with tarfile.open(backup) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive.getmembers()}  # type: ignore[union-attr]
    change(files)
    with tarfile.open(backup, "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


NEWER = {"format": FORMAT + 1, "files": {}, "created_at": "2030-01-01T00:00:00+00:00"}
CHANGES: dict[str, tuple[Callable[[dict[str, bytes]], Any], str]] = {
    "another content": (lambda files: files.update({"erased.json": b"[]"}), "erased.json in .* is not what was backed"),
    "a file less": (lambda files: files.pop("pseudonym.key"), "pseudonym.key in .* is not what was backed up"),
    "a file more": (lambda files: files.update(spy=b""), "spy in .* is not what was backed up"),
    "another format": (lambda files: files.update({MANIFEST: json.dumps(NEWER).encode()}), "upgrade coterie"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_backup_that_was_written_anew_restores_nothing(what: str, space: Workspace, tmp_path: Path) -> None:
    change, sentence = CHANGES[what]
    back_up(space, tmp_path / "shop.tar")
    rewritten(tmp_path / "shop.tar", change)
    with pytest.raises(BadArtifact, match=sentence):
        restore(Workspace(tmp_path / "new"), tmp_path / "shop.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "shop.tar"]


def test_the_next_backup_sweeps_what_a_killed_one_left(space: Workspace, tmp_path: Path) -> None:
    for left in (".shop.tar.draft-killed", ".other.tar.draft-running"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "shop.tar").write_text("half")
    back_up(space, tmp_path / "shop.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.tar.draft-running", "home", "shop.tar"]


@pytest.mark.parametrize(
    "how", ["cut short", "a byte changed", "another archive", "a member that points out of it", "no archive"]
)
def test_a_damaged_backup_restores_nothing(how: str, space: Workspace, tmp_path: Path) -> None:
    back_up(space, tmp_path / "shop.tar")
    damaged(tmp_path / "shop.tar", how)
    with pytest.raises(BadArtifact):
        restore(Workspace(tmp_path / "new"), tmp_path / "shop.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "shop.tar"]


def test_a_workspace_that_is_there_is_not_overwritten(space: Workspace, tmp_path: Path) -> None:
    back_up(space, tmp_path / "shop.tar")
    before = contents(space.home)
    with pytest.raises(CoterieError, match="is there already"):
        restore(space, tmp_path / "shop.tar")
    assert contents(space.home) == before

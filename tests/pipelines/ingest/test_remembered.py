"""The last ingest is remembered without absolute paths, and a crash never leaves half of it."""

import os

import pytest

from features.errors import BadArtifact
from pipelines.ingest.remembered import FILE, remember_ingest, remembered_ingest
from pipelines.workspace import Workspace


def test_a_workspace_that_is_moved_with_its_source_goes_on(write_shop, tmp_path, monkeypatch):
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "home").mkdir(parents=True)
    source = write_shop(name="shop")
    source.folder.rename(old / "shop")
    monkeypatch.chdir(old / "shop")
    remember_ingest(Workspace(old / "home"), ".", old / "shop" / "raw", None)
    monkeypatch.chdir(tmp_path)
    old.rename(new)
    assert str(tmp_path) not in (new / "home" / FILE).read_text()
    assert remembered_ingest(Workspace(new / "home")) == {
        "source": str(new / "shop"), "raw": str(new / "shop" / "raw"), "pseudonymise": None,
    }  # fmt: skip


def test_a_shipped_source_is_remembered_by_its_name(tmp_path):
    remember_ingest(Workspace(tmp_path), "cdnow", None, True)
    assert remembered_ingest(Workspace(tmp_path)) == {"source": "cdnow", "raw": "", "pseudonymise": True}


def test_what_was_remembered_outlives_a_crash_while_writing(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)
    remember_ingest(workspace, "cdnow", None, None)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        remember_ingest(workspace, "online_retail", None, None)
    assert remembered_ingest(workspace)["source"] == "cdnow"


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / FILE).write_text("{")
    with pytest.raises(BadArtifact, match=r"last_ingest\.json cannot be read.*run `coterie ingest SOURCE`"):
        remembered_ingest(Workspace(tmp_path))

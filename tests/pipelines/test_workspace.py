"""Laws of the workspace: a crash leaves the last good state, no pointer names half a folder, one writer at a time."""

import multiprocessing
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from features.errors import BadInput, Busy, NotFound
from pipelines.workspace import Workspace


def write_text(text: str):
    return lambda folder: (folder / "file.txt").write_text(text)


def test_a_published_folder_is_the_current_one(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    assert space.current("scores") is None
    space.publish("scores", "a", write_text("first"))
    space.publish("scores", "b", write_text("second"))
    assert (space.require("scores") / "file.txt").read_text() == "second"
    assert (tmp_path / "scores" / "a" / "file.txt").read_text() == "first"


def test_a_crash_while_writing_leaves_the_last_good_state(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    space.publish("scores", "good", write_text("good"))

    def crash(folder: Path) -> None:
        (folder / "file.txt").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        space.publish("scores", "bad", crash)
    assert space.require("scores").name == "good"
    assert sorted(path.name for path in (tmp_path / "scores").iterdir()) == ["CURRENT", "good"]


def test_what_a_killed_run_left_behind_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "scores" / ".draft-a").mkdir(parents=True)
    (tmp_path / "scores" / ".draft-a" / "rubbish.txt").write_text("half")
    folder = Workspace(tmp_path).publish("scores", "a", write_text("whole"))
    assert [path.name for path in folder.iterdir()] == ["file.txt"]


def test_a_complete_folder_is_never_written_twice(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    space.publish("scores", "a", write_text("first"))
    space.publish("scores", "a", write_text("again"))
    assert (space.require("scores") / "file.txt").read_text() == "first"


def test_a_folder_can_be_named_by_its_content(tmp_path: Path) -> None:
    space = Workspace(tmp_path)

    def write(folder: Path) -> str:
        (folder / "file.txt").write_text("x")
        return "hash"

    assert space.publish_by_content("bundles", write) == space.publish_by_content("bundles", write)
    assert sorted(path.name for path in (tmp_path / "bundles").iterdir()) == ["CURRENT", "hash"]


def test_nothing_published_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="coterie publish"):
        Workspace(tmp_path).require("bundles")


def test_runs_go_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_RUN_ID", raising=False)
    own = f"sqlite:///{tmp_path / 'mlflow.db'}"
    assert Workspace(tmp_path).tracking_uri == own
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///elsewhere.db")
    assert Workspace(tmp_path).tracking_uri == "sqlite:///elsewhere.db"


@pytest.mark.parametrize("given", ["sqlite:///mlflow.db", "file:///project/mlruns", "./mlruns"])
def test_mlflow_run_trains_into_the_workspace_and_not_into_its_own_file(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", "0123")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    assert Workspace(tmp_path).tracking_uri == f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://me:secret@db/runs")
    assert Workspace(tmp_path).tracking_uri == "postgresql://me:secret@db/runs"
    assert "secret" not in Workspace(tmp_path).tracking_address


def hold(home: Path, held, release) -> None:
    with Workspace(home).lock():
        held.set()
        release.wait(30)


@pytest.mark.parametrize("name", ["was?", "%20shop"])
def test_a_folder_that_no_address_of_a_database_can_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="in its path, where databases cannot be"), Workspace(tmp_path / name).lock():
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a shop", "100 % größer", "#1;2'3&4"])
def test_a_folder_may_be_called_as_people_call_folders(name: str, tmp_path: Path) -> None:
    with Workspace(tmp_path / name).lock():
        assert (tmp_path / name).is_dir()


def test_a_second_writer_is_told_to_wait_until_the_first_ends(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path, held, release))
    other.start()
    assert held.wait(30)
    with pytest.raises(Busy, match="wait until it ends"), Workspace(tmp_path).lock():
        pass
    release.set()
    other.join(30)
    with Workspace(tmp_path).lock():
        pass


def temporary_folder_of_a_worker() -> str:
    """Of a process that this one starts."""
    asked = "import tempfile; print(tempfile.gettempdir())"
    return subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True).stdout.strip()


def test_temporary_files_of_a_writer_lie_in_the_workspace_and_the_next_writer_sweeps_them(tmp_path: Path) -> None:
    space, elsewhere = Workspace(tmp_path), tempfile.gettempdir()
    with space.lock():
        left = Path(tempfile.mkdtemp())
        assert tmp_path in left.parents
        assert temporary_folder_of_a_worker() == str(left.parent)
        killed = tmp_path / "killed"
        shutil.copytree(left.parent, killed)
    assert tempfile.gettempdir() == temporary_folder_of_a_worker() == elsewhere
    assert not left.exists()
    killed.rename(left.parent)
    (tmp_path / ".last_ingest.json-17").write_text("half")
    with space.lock():
        assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["writer.lock"]

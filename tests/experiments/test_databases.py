"""A database is there complete or not at all: killed, out of disk, old, half-made, or opened by two at once.

A few kill points are tried, with a copy in place of MLflow's own creation after each. ``KILL_POINTS=1000 pytest
tests/experiments/test_databases.py -k killed`` tries as many, and creates anew after each (a second a point).
"""

import errno
import os
import resource
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy
from sqlalchemy.engine import Engine

from experiments.search.trials import open_storage
from experiments.tracking import databases
from experiments.tracking import runs as tracking
from experiments.tracking.databases import Schema, drafts, prepare, revision
from experiments.tracking.runs import open_client, open_experiment
from experiments.tracking.schemas import mlflow_schema, optuna_schema
from experiments.tracking.stores import Stores
from features.errors import BadDatabase, Busy
from pipelines.steps.ui import replace_by_ui
from pipelines.workspace import Workspace

KILL_POINTS = int(os.environ.get("KILL_POINTS", "6"))
STEPS = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "sqlite3.connect")
"""Audited events before which a process is killed, besides every SQL statement."""

Open = Callable[[Path], Any]


def stores_in(home: Path) -> Stores:
    return Stores(f"sqlite:///{home / 'mlflow.db'}", None, f"sqlite:///{home / 'optuna.db'}")


def open_runs(home: Path) -> Any:
    return open_client(stores_in(home))


def open_searches(home: Path) -> Any:
    return open_storage(stores_in(home).storage_url)


def use(home: Path, name: str) -> None:
    """Open the database and write to it."""
    if name == "mlflow.db":
        client = open_runs(home)
        client.create_run(open_experiment(client, stores_in(home), "again"))
    else:
        optuna.create_study(storage=open_searches(home), study_name="again")


OPEN: dict[str, Open] = {"mlflow.db": open_runs, "optuna.db": open_searches}


def in_a_child(work: Callable[[], Any]) -> int:
    """The exit code of a forked process that does ``work``, or minus the signal that killed it."""
    child = os.fork()
    if child == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def stepwise(work: Open, home: Path, kill_at: int = 0) -> Callable[[], None]:
    """``work`` that writes down how many steps it took, or is killed just before one of them."""

    def run() -> None:
        done = 0

        def step(*_: Any) -> None:
            nonlocal done
            done += 1
            if done == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        sqlalchemy.event.listen(Engine, "before_cursor_execute", step)
        sys.addaudithook(lambda event, _: step() if event in STEPS else None)
        work(home)
        (home / "steps").write_text(str(done))

    return run


def killed(folder: Path, work: Open, begin: Open = Path.mkdir) -> list[Path]:
    """Folders in which ``work`` was killed, at its first step, its last and evenly between."""
    begin(folder / "undisturbed")
    assert in_a_child(stepwise(work, folder / "undisturbed")) == 0
    steps = int((folder / "undisturbed" / "steps").read_text())
    points = {1 + round(i * (steps - 1) / (KILL_POINTS - 1)) for i in range(KILL_POINTS)}
    homes = []
    for point in sorted(points):
        homes.append(folder / str(point))
        begin(homes[-1])
        assert in_a_child(stepwise(work, homes[-1], point)) == -signal.SIGKILL
    return homes


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both databases as older libraries left them, with one experiment and one search."""
    home = tmp_path_factory.mktemp("old")
    create_old_tracking(home / "mlflow.db")
    storage = open_searches(home)
    optuna.create_study(storage=storage, study_name="before").add_trial(optuna.trial.create_trial(value=1.0))
    storage.engine.dispose()
    change(home / "optuna.db", "UPDATE alembic_version SET version_num = 'v3.0.0.d'")
    return home


def create_old_tracking(path: Path) -> None:
    """An MLflow database three revisions behind."""
    from alembic import command
    from mlflow.store.db.utils import _get_alembic_config
    from mlflow.store.tracking.dbmodels.initial_models import Base

    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    config = _get_alembic_config(str(engine.url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, mlflow_schema(None).revisions[3])
    engine.dispose()
    change(
        path,
        "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, workspace) "
        "VALUES (0, 'Default', 'file:///somewhere/0', 'active', 'default'), "
        "(1, 'before', 'file:///somewhere/1', 'active', 'default')",
    )


@pytest.fixture
def copied_creation(empty_tracking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow's tables are copied instead of created, unless every kill point is tried."""
    made = mlflow_schema

    def copied(artifact_uri: str | None) -> Schema:
        def create(path: Path) -> None:
            shutil.copy(empty_tracking, path)
            change(path, f"UPDATE experiments SET artifact_location = '{artifact_uri}/0'")

        return replace(made(artifact_uri), create=create)

    if KILL_POINTS <= 6:
        monkeypatch.setattr(tracking, "mlflow_schema", copied)


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as con, con:
        for statement in statements:
            con.execute(statement)


def read(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as con:
        return sorted(row[0] for row in con.execute(query))


NAMES = {
    "mlflow.db": "SELECT name FROM experiments WHERE name != 'Default'",
    "optuna.db": "SELECT study_name FROM studies",
}
NEWEST = {"mlflow.db": lambda: mlflow_schema(None).revisions[0], "optuna.db": lambda: optuna_schema().revisions[0]}


@pytest.fixture(scope="session")
def killed_creations(tmp_path_factory: pytest.TempPathFactory, empty_tracking: Path) -> dict[str, list[Path]]:
    assert empty_tracking, "MLflow is imported before the processes fork"
    return {name: killed(tmp_path_factory.mktemp("killed"), work) for name, work in OPEN.items()}


@pytest.mark.usefixtures("copied_creation")
@pytest.mark.parametrize("name", OPEN)
def test_a_creation_killed_anywhere_is_done_again(name: str, killed_creations: dict[str, list[Path]]) -> None:
    for home in killed_creations[name]:
        assert not (home / name).exists() or revision(home / name) == NEWEST[name](), "half a database, never"
        use(home, name)
        assert read(home / name, NAMES[name]) == ["again"], home
        assert not drafts(home / name)
        assert not list(home.glob("*backup*"))


@pytest.mark.parametrize("name", OPEN)
def test_a_migration_killed_anywhere_leaves_the_old_or_the_new(name: str, old: Path, tmp_path: Path) -> None:
    def begin(home: Path) -> None:
        home.mkdir()
        shutil.copy(old / name, home / name)

    before = revision(old / name)
    for home in killed(tmp_path, OPEN[name], begin):
        assert revision(home / name) in (before, NEWEST[name]())
        use(home, name)
        assert revision(home / name) == NEWEST[name]()
        assert read(home / name, NAMES[name]) == ["again", "before"], home
        for backup in home.glob(f"{name}.backup-{before}*"):
            assert (revision(backup), read(backup, NAMES[name])) == (before, ["before"])
        assert list(home.glob(f"{name}.backup-{before}*"))
        assert not drafts(home / name)


def contents(home: Path) -> dict[str, bytes]:
    """Every file of a home by name, without the empty lock files."""
    return {path.name: path.read_bytes() for path in sorted(home.iterdir()) if path.suffix != ".lock"}


def copy_of(old: Path, home: Path, *statements: str) -> Path:
    """A copy of the old MLflow database, changed."""
    path = Path(shutil.copy(old / "mlflow.db", home / "mlflow.db"))
    change(path, *statements)
    return path


# MLflow 3.17's next migration creates this table; a process killed inside it leaves the table and the old revision.
HALF_A_MIGRATION = "CREATE TABLE job_locks (id INTEGER)"
NO_CONTENT = "DELETE FROM experiments"


@pytest.mark.usefixtures("copied_creation")
@pytest.mark.parametrize("statements", [[HALF_A_MIGRATION], ["DROP TABLE alembic_version"], ["DROP TABLE workspaces"]])
def test_half_a_database_without_content_is_moved_aside(statements: list[str], old: Path, tmp_path: Path) -> None:
    path = copy_of(old, tmp_path, NO_CONTENT, *statements)
    use(tmp_path, "mlflow.db")
    assert revision(path) == NEWEST["mlflow.db"]()
    (backup,) = tmp_path.glob("mlflow.db.backup-*")
    assert read(backup, NAMES["mlflow.db"]) == []


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ([HALF_A_MIGRATION], r"MLflow cannot create or migrate .*already exists.*move it away to start anew"),
        (["DROP TABLE alembic_version"], "contains rows, but its creation by MLflow was never finished.*move it away"),
        (
            ["UPDATE alembic_version SET version_num = 'ffff'"],
            "does not know.*newer.*upgrade MLflow, or restore",
        ),
    ],
)
def test_a_database_that_cannot_be_migrated_is_left_as_it_was(
    statements: list[str], message: str, old: Path, tmp_path: Path
) -> None:
    copy_of(old, tmp_path, *statements)
    before = contents(tmp_path)
    with pytest.raises(BadDatabase, match=message):
        open_runs(tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", OPEN)
def test_a_file_that_is_no_database_is_left_as_it_was(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("runs, all of them\n" * 100)
    before = contents(tmp_path)
    with pytest.raises(BadDatabase, match=r"is not an SQLite database: move it away"):
        OPEN[name](tmp_path)
    assert contents(tmp_path) == before


def no_room(home: Path) -> None:
    """Limit files to 100 kB; SQLite sees an I/O error, as with a failing disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for name, work in OPEN.items():
        with pytest.raises(BadDatabase, match=f"cannot create or migrate {home / name} .*run again"):
            work(home)


def test_without_room_nothing_is_lost_and_with_room_it_goes_on(old: Path, tmp_path: Path) -> None:
    shutil.copytree(old, tmp_path / "full")
    (tmp_path / "full" / "optuna.db").unlink()
    before = contents(tmp_path / "full")
    assert in_a_child(lambda: no_room(tmp_path / "full")) == 0
    assert contents(tmp_path / "full") == before
    for name in OPEN:
        use(tmp_path / "full", name)
    assert read(tmp_path / "full" / "mlflow.db", NAMES["mlflow.db"]) == ["again", "before"]


def disk_is_full(path: Path) -> None:
    with closing(sqlite3.connect(path)) as con:
        con.execute("PRAGMA max_page_count = 1")
        con.execute("CREATE TABLE a (b)")


def read_only_disk(path: Path) -> None:
    raise RuntimeError("wrapped") from OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))


@pytest.mark.parametrize(
    ("create", "message"), [(disk_is_full, "the disk is full.*make room"), (read_only_disk, "Read-only file system")]
)
def test_an_error_of_the_disk_is_one_sentence(create: Open, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadDatabase, match=message):
        prepare(stores_in(tmp_path).storage_url, replace(optuna_schema(), create=create))
    assert not contents(tmp_path)


def test_two_processes_at_once_create_one_database(tmp_path: Path) -> None:
    def create(path: Path) -> None:
        (tmp_path / f"made-by-{os.getpid()}").touch()
        optuna_schema().create(path)

    def open_in_child() -> int:
        return in_a_child(lambda: prepare(stores_in(tmp_path).storage_url, replace(optuna_schema(), create=create)))

    with ThreadPoolExecutor(4) as threads:
        assert [future.result() for future in [threads.submit(open_in_child) for _ in range(4)]] == [0] * 4
    assert len(list(tmp_path.glob("made-by-*"))) == 1


def test_a_current_database_opens_without_a_lock_or_a_copy(old: Path, tmp_path: Path) -> None:
    shutil.copy(old / "optuna.db", tmp_path)
    open_searches(tmp_path)
    (tmp_path / "optuna.db.lock").unlink()
    before = contents(tmp_path)
    open_searches(tmp_path)
    assert contents(tmp_path) == before
    assert not (tmp_path / "optuna.db.lock").exists()


def test_a_server_is_left_to_itself() -> None:
    def never(path: Path) -> None:
        pytest.fail(f"{path} was touched")

    for url in ("postgresql://host/db", "http://host:5000"):
        prepare(url, Schema("MLflow", Path("nowhere"), never, never))


def test_rows_that_only_a_journal_holds_are_migrated(old: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(old / "optuna.db", tmp_path))

    def killed_after_writing() -> None:
        con = sqlite3.connect(path, isolation_level=None)
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("INSERT INTO studies (study_name) VALUES ('in the journal')")
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_a_child(killed_after_writing) == -signal.SIGKILL
    assert (tmp_path / "optuna.db-wal").stat().st_size
    open_searches(tmp_path)
    assert read(path, NAMES["optuna.db"]) == ["before", "in the journal"]


def test_the_journal_of_a_database_that_is_gone_does_not_spoil_the_new_one(old: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(old / "optuna.db", tmp_path))

    def killed_while_writing() -> None:
        con = sqlite3.connect(path, isolation_level=None)
        con.execute("PRAGMA cache_size = 1")
        con.execute("BEGIN")
        con.execute("UPDATE studies SET study_name = 'half'")
        con.execute(
            "CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n LIMIT 9999) SELECT i FROM n"
        )
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_a_child(killed_while_writing) == -signal.SIGKILL
    assert (tmp_path / "optuna.db-journal").stat().st_size
    path.unlink()
    use(tmp_path, "optuna.db")
    assert read(path, NAMES["optuna.db"]) == ["again"]


def test_a_process_with_the_old_database_open_cannot_write_to_it_any_more(old: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(old / "optuna.db", tmp_path))
    with closing(sqlite3.connect(path)) as con:
        con.execute("SELECT * FROM studies").fetchall()
        open_searches(tmp_path)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            con.execute("INSERT INTO studies (study_name) VALUES ('lost')")


def test_a_database_being_written_is_not_migrated(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "WAIT_SECONDS", 0.1)
    path = Path(shutil.copy(old / "optuna.db", tmp_path))
    with closing(sqlite3.connect(path, isolation_level=None)) as con:
        con.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="another process is writing to"):
            open_searches(tmp_path)


def test_mlflow_never_learns_of_the_draft(empty_tracking: Path) -> None:
    location = read(empty_tracking, "SELECT artifact_location FROM experiments WHERE experiment_id = 0")
    assert location == ["mlflow-artifacts:/0"]
    assert b".draft-" not in empty_tracking.read_bytes()


@pytest.mark.usefixtures("copied_creation")
def test_the_ui_finds_a_database_in_an_empty_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str | None] = []
    monkeypatch.setattr(os, "execve", lambda *_: found.append(revision(tmp_path / "new" / "mlflow.db")))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    replace_by_ui(Workspace(tmp_path / "new"), "127.0.0.1", 5000)
    assert found == [NEWEST["mlflow.db"]()]
